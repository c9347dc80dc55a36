"""Whatever answers as S3 or Route 53, the clients end in time with an error that can be shown."""

import time
from collections.abc import Awaitable, Callable

import pytest
from hostile_server import BEHAVIOURS, answer, black_hole, serving

import infctl.clients.aws
from infctl.clients.aws import Account
from infctl.clients.object_store import S3Store
from infctl.clients.route53 import Route53Names
from infctl.errors import CredentialsError, InfctlError, Unreachable
from infctl.model.text import clean

PATIENCE = 0.5
MARGIN = 2.5


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(infctl.clients.aws, "CONNECT_SECONDS", PATIENCE)
    monkeypatch.setattr(infctl.clients.aws, "READ_SECONDS", PATIENCE)
    monkeypatch.setattr(infctl.clients.aws, "CALL_SECONDS", PATIENCE * 2)


VERBS: dict[str, Callable[[Account], Awaitable[object]]] = {
    "buckets": lambda account: S3Store("eu-west-1", account).buckets(),
    "keys": lambda account: S3Store("eu-west-1", account).keys("bucket"),
    "read": lambda account: Route53Names(account).read("infctl.test"),
    "observations": lambda account: Route53Names(account).observations("id"),
}


async def failure_of(address: str, verb: str, patience: float = PATIENCE * 2) -> InfctlError:
    account = Account("eu-west-1", f"http://{address}", "key", "secret-of-ours")
    started = time.monotonic()
    with pytest.raises(InfctlError) as caught:
        await VERBS[verb](account)
    assert time.monotonic() - started < patience + MARGIN
    error = caught.value
    assert error.what == clean(error.what)
    assert len(error.what) < 600
    assert "secret-of-ours" not in error.what
    return error


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
async def test_what_is_no_answer_is_unreachable(behaviour: str, verb: str) -> None:
    with serving(BEHAVIOURS[behaviour]) as address:
        assert isinstance(await failure_of(address, verb), Unreachable)


@pytest.mark.parametrize("verb", ["buckets", "read"])
async def test_a_server_that_cannot_be_connected_to_is_unreachable(verb: str) -> None:
    with black_hole() as address:
        assert isinstance(await failure_of(address, verb), Unreachable)
    assert isinstance(await failure_of(address, verb), Unreachable), "nobody listens there now"


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "AccessDenied", CredentialsError),
        (403, "InvalidClientTokenId", CredentialsError),
        (403, "SignatureDoesNotMatch", CredentialsError),
        (400, "ExpiredToken", CredentialsError),
        (503, "SlowDown", Unreachable),
        (500, "InternalError", Unreachable),
        (400, "Throttling", Unreachable),
        (400, "InvalidInput", InfctlError),
    ],
)
async def test_a_refusal_is_told_by_its_kind(
    status: int, code: str, kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The SDK asks again after a pause where it is told to slow down.
    monkeypatch.setattr(infctl.clients.aws, "CALL_SECONDS", 20.0)
    text = f"<Code>{code}</Code><Message>no &#x9b;31m \u202e way</Message>"
    for verb, body in {
        "buckets": f"<Error>{text}</Error>",
        "observations": f"<ErrorResponse><Error>{text}</Error></ErrorResponse>",
    }.items():
        with serving(answer(body.encode(), status, "application/xml")) as address:
            error = await failure_of(address, verb, patience=20.0)
        assert isinstance(error, kind)
        assert code in error.what


async def test_an_object_that_was_cut_is_no_object() -> None:
    with serving(BEHAVIOURS["JSON that was cut"]) as address:
        store = S3Store("eu-west-1", Account("eu-west-1", f"http://{address}", "key", "secret"))
        with pytest.raises(Unreachable):
            await store.get("bucket", "key")
        store.close()
