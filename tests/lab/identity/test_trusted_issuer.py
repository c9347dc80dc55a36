"""A real API server believes the lab's issuer: who somebody is, and who is elevated."""

import base64
import json
import signal
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest
from joserfc.jwk import ECKey
from real_control_plane import ControlPlane

from infctl.lab.cluster import Cluster, ClusterError
from infctl.lab.controlplane.authentication import configuration
from infctl.lab.identity import asking, claims, files, issuer, parts
from infctl.lab.identity.keys import Keys

pytestmark = pytest.mark.control_plane
REVIEWS = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
ELEVATED = "infctl:elevated"
DEADLINE = 40.0


class Trusted:
    """The issuer of a region's API server, as a process that a test may end."""

    def __init__(self, plane: ControlPlane) -> None:
        self.plane = plane
        self.keys = Keys(files.folder(plane.lab) / "keys.json", 86400, 3600)
        self.keys.signing(time.time())
        self.part = parts(plane.lab)[0]
        self.process = subprocess.Popen(self.part.argv, env=dict(self.part.environment))

    def mint(self, key: ECKey | None = None, life: int = 900, **changed: Any) -> str:
        """A token signed with the issuer's own key, or with another."""
        now = int(time.time())
        usual = {
            "iss": issuer.url(self.plane.lab),
            "aud": issuer.CLIENT,
            "sub": "on-call",
            "groups": ["operators", "on-call"],
            "amr": ["pwd", "otp"],
            "iat": now,
            "exp": now + life,
            "jti": "1",
        }
        return claims.sign({**usual, **changed}, key or self.keys.signing(now))

    def who(self, token: str) -> dict[str, Any]:
        """Whom the API server takes the holder for; ClusterError where for nobody."""
        return self.plane.run(_review(self.plane, token))

    def wait(self) -> None:
        """Until the issuer answers and the API server has its keys."""
        end = time.monotonic() + DEADLINE
        while reason := self._reason():
            assert time.monotonic() < end, reason
            time.sleep(0.05)

    def _reason(self) -> str:
        if reason := self.plane.run(_ready(self)):
            return reason
        try:
            self.who(self.mint())
        except ClusterError as error:
            return f"the API server answers {error.status}"
        return ""


async def _ready(trusted: Trusted) -> str:
    return await trusted.part.ready()


async def _review(plane: ControlPlane, token: str) -> dict[str, Any]:
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    async with Cluster(plane.url, token, plane.ca) as cluster:
        return dict((await cluster.create(REVIEWS, review))["status"]["userInfo"])


@pytest.fixture(scope="module")
def trusted(control_plane: ControlPlane) -> Iterator[Trusted]:
    """The issuer starts after the API server, which is made to ask again at once."""
    found = Trusted(control_plane)
    try:
        end = time.monotonic() + DEADLINE
        while reason := control_plane.run(_ready(found)):
            assert time.monotonic() < end, reason
            time.sleep(0.05)
        # It would by itself, within 10 s; a changed file is read at once.
        folder = control_plane.lab.folder(control_plane.region)
        files.write(folder / "authentication.json", configuration(control_plane.lab))
        found.wait()
        yield found
    finally:
        found.process.kill()
        found.process.wait()


def test_an_api_server_starts_without_the_issuer(control_plane: ControlPlane) -> None:
    token = control_plane.token("operator")
    found = control_plane.run(_review(control_plane, token))
    assert found["username"] == "infctl:operator"


@pytest.mark.parametrize(
    ("life", "changed", "is_elevated"),
    [
        (900, {}, True),
        (901, {}, False),
        (7200, {}, False),
        (900, {"amr": ["pwd"]}, False),
        (900, {"amr": []}, False),
        (900, {"amr": ["pwd"], "groups": [ELEVATED, "system:masters"]}, False),
    ],
)
def test_elevated_takes_a_second_factor_and_a_short_life(
    trusted: Trusted, life: int, changed: dict[str, Any], is_elevated: bool
) -> None:
    found = trusted.who(trusted.mint(life=life, **changed))
    assert found["username"] == "oidc:on-call"
    assert (ELEVATED in found["groups"]) is is_elevated
    given = changed.get("groups", ["operators", "on-call"])
    rest = set(found["groups"]) - {ELEVATED, "system:authenticated"}
    assert rest == {f"oidc:{group}" for group in given}, "no group but those with its prefix"
    methods = changed.get("amr", ["pwd", "otp"])
    assert found["extra"].get("infctl.dev/amr", []) == methods, "the audit log says how"


@pytest.mark.parametrize(
    "changed",
    [
        {"life": -1},
        {"aud": "other"},
        {"aud": []},
        {"iss": "https://127.0.0.1:8443"},
        {"sub": ""},
        {"groups": None},
        {"nbf": 4_000_000_000},
    ],
    ids=str,
)
def test_a_token_of_another_time_place_or_shape_is_refused(
    trusted: Trusted, changed: dict[str, Any]
) -> None:
    expect_refused(trusted, trusted.mint(**changed))


def test_a_token_that_somebody_changed_is_refused(trusted: Trusted) -> None:
    head, body, signature = trusted.mint(amr=["pwd"]).split(".")
    plain = json.loads(base64.urlsafe_b64decode(body + "=="))
    forged = json.dumps({**plain, "amr": ["pwd", "otp"]}).encode()
    body = base64.urlsafe_b64encode(forged).decode().rstrip("=")
    expect_refused(trusted, f"{head}.{body}.{signature}")
    expect_refused(trusted, f"{head}.{body}.")


def test_a_token_of_another_key_is_refused_whatever_it_calls_itself(trusted: Trusted) -> None:
    real = trusted.keys.signing(time.time())
    own = ECKey.generate_key("P-256", {"kid": str(real.kid)})
    expect_refused(trusted, trusted.mint(own))


def expect_refused(trusted: Trusted, token: str) -> None:
    with pytest.raises(ClusterError) as refused:
        trusted.who(token)
    assert refused.value.status == 401


def test_a_user_gets_a_token_and_kubectl_takes_it(trusted: Trusted) -> None:
    lab = trusted.plane.lab
    person = asking.person_of(lab, "on-call")
    code = asking.make_code(lab, person)
    elevated = asking.obtain(lab, person, code, is_elevated=True)
    assert 890 < elevated.ends - time.time() <= 900
    said = trusted.plane.kubectl("--token", elevated.text, "auth", "whoami", "-o", "json")
    found = json.loads(said)["status"]["userInfo"]
    assert found["username"] == "oidc:on-call"
    assert ELEVATED in found["groups"]
    plain = asking.obtain(lab, person, asking.make_code(lab, person))
    assert ELEVATED not in trusted.who(plain.text)["groups"], "an ordinary token lives an hour"


@pytest.mark.parametrize(
    ("token", "words", "may"),
    [
        ({"groups": ["viewers"], "amr": ["pwd"]}, ("list", "pods"), True),
        ({"groups": ["viewers"], "amr": ["pwd"]}, ("delete", "pods"), False),
        ({"groups": ["viewers"], "amr": ["pwd"]}, ("get", "secrets"), False),
        ({"groups": ["operators"], "amr": ["pwd"]}, ("patch", "deployments"), True),
        ({"groups": [], "amr": ["pwd"]}, ("list", "pods"), False),
        ({"groups": []}, ("delete", "namespaces"), True),
    ],
    ids=str,
)
def test_groups_of_the_issuer_may_what_their_namesakes_may(
    trusted: Trusted, token: dict[str, Any], words: tuple[str, str], may: bool
) -> None:
    asked = ("auth", "can-i", *words, "-A", "--token", trusted.mint(**token))
    answer = trusted.plane.kubectl(*asked)
    assert answer.splitlines()[-1].startswith("yes" if may else "no"), answer


def test_the_audit_log_says_by_which_factors_somebody_came(trusted: Trusted) -> None:
    plane = trusted.plane
    words = ("--token", trusted.mint(), "create", "configmap", "broken-glass")
    assert "created" in plane.kubectl(*words)
    log = plane.lab.folder(plane.region) / "audit.log"
    events = [json.loads(line) for line in log.read_text().splitlines() if "broken-glass" in line]
    user = events[-1]["user"]
    assert user["username"] == "oidc:on-call"
    assert user["extra"]["infctl.dev/amr"] == ["pwd", "otp"]


def test_another_key_is_believed_at_once_and_the_old_one_still(trusted: Trusted) -> None:
    before = trusted.mint()
    path = files.folder(trusted.plane.lab) / "keys.json"
    kept = path.read_text()
    trusted.process.send_signal(signal.SIGHUP)
    end = time.monotonic() + DEADLINE
    while path.read_text() == kept:
        assert time.monotonic() < end, "the key was not changed"
        time.sleep(0.02)
    trusted.keys = Keys(path, 86400, 3600)
    after = trusted.mint()
    assert before.split(".")[0] != after.split(".")[0], "the head names the key"
    for token in (after, before):
        assert trusted.who(token)["username"] == "oidc:on-call"


def test_a_dead_issuer_takes_nothing_from_tokens_that_live(trusted: Trusted) -> None:
    """The last test here: whoever has a token goes on, and so do the lab's own users."""
    trusted.process.kill()
    trusted.process.wait()
    assert trusted.who(trusted.mint())["username"] == "oidc:on-call"
    assert trusted.who(trusted.plane.token("operator"))["username"] == "infctl:operator"
