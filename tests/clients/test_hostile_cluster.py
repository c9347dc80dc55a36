"""Whatever answers as a Kubernetes API, the client ends in time with an error that can be shown."""

import asyncio
import contextlib
import json
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from hostile_server import BEHAVIOURS, ESCAPES, Behaviour, answer, black_hole, serving

import infctl.clients.cluster
import infctl.clients.kubernetes_api
import infctl.clients.kubernetes_watch
from infctl.clients.cluster import KubernetesCluster
from infctl.clients.kubernetes_discovery import Resource
from infctl.errors import Conflict, CredentialsError, InfctlError, Unreachable
from infctl.lab import pki
from infctl.lab.spec import Lab, Region
from infctl.model.text import clean
from infctl.ports.cluster import CONFIG_MAP, Event, Kind, Object

PATIENCE = 1.0
MARGIN = 1.5
LARGEST = 4 * 1024 * 1024
SECRET = "token-of-ours"
Connect = Callable[[str], KubernetesCluster]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONNECT_SECONDS", "READ_SECONDS", "WATCH_SILENCE_SECONDS"):
        monkeypatch.setattr(infctl.clients.kubernetes_api, name, PATIENCE)
    monkeypatch.setattr(infctl.clients.kubernetes_api, "LARGEST_ANSWER", LARGEST)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    made = Lab("hostile", 1, tmp_path_factory.mktemp("hostile"), (Region("eu-west-1", 1),))
    pki.ensure_authority(made)
    pki.issue(made, "server", common_name="server", addresses=["127.0.0.1"])
    return made


@pytest.fixture(scope="module")
def tls(lab: Lab) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(lab.ca.with_name("server.crt"), lab.ca.with_name("server.key"))
    return context


@pytest.fixture
async def connect(lab: Lab, tmp_path: Path) -> AsyncIterator[Connect]:
    made: list[KubernetesCluster] = []

    def make(address: str) -> KubernetesCluster:
        path = tmp_path / "kubeconfig"
        path.write_text(kubeconfig(f"https://{address}", lab.ca))
        cluster = KubernetesCluster("eu-west-1", path, "here")
        # What discovery would have found, so that each verb meets the server itself.
        cluster._resources[CONFIG_MAP] = Resource("configmaps", True)
        made.append(cluster)
        return cluster

    yield make
    for cluster in made:
        await cluster.close()


def kubeconfig(server: str, ca: Path) -> str:
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": "c", "cluster": {"server": server, "certificate-authority": str(ca)}}
            ],
            "users": [{"name": "u", "user": {"token": SECRET}}],
            "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
        }
    )


MANIFEST: Object = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
VERBS: dict[str, Callable[[KubernetesCluster], Any]] = {
    "version": lambda cluster: cluster.version(),
    "kinds": lambda cluster: cluster.kinds(),
    "list": lambda cluster: cluster.list(CONFIG_MAP, "default"),
    "read": lambda cluster: cluster.read(CONFIG_MAP, "a", "default"),
    "apply": lambda cluster: cluster.apply(MANIFEST),
}


async def failure_of(cluster: KubernetesCluster, verb: str) -> InfctlError:
    started = time.monotonic()
    with pytest.raises(InfctlError) as caught:
        await VERBS[verb](cluster)
    assert time.monotonic() - started < PATIENCE + MARGIN
    error = caught.value
    assert error.what == clean(error.what)
    assert len(error.what) < 600
    assert "eu-west-1" in error.what
    assert SECRET not in error.what
    return error


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
async def test_what_is_no_answer_is_unreachable(
    behaviour: str, verb: str, connect: Connect, tls: ssl.SSLContext
) -> None:
    with serving(BEHAVIOURS[behaviour], tls) as address:
        assert isinstance(await failure_of(connect(address), verb), Unreachable)


async def test_a_deletion_whose_connection_ends_is_sent_once(
    connect: Connect, tls: ssl.SSLContext
) -> None:
    sent: list[socket.socket] = []
    with serving(sent.append, tls) as address, pytest.raises(Unreachable):
        await connect(address).delete(CONFIG_MAP, "a", "default")
    assert len(sent) == 1


async def test_a_server_that_cannot_be_connected_to_is_unreachable(connect: Connect) -> None:
    with black_hole() as address:
        assert isinstance(await failure_of(connect(address), "version"), Unreachable)
    assert isinstance(await failure_of(connect(address), "version"), Unreachable)


async def test_a_server_without_our_authoritys_certificate_is_not_talked_to(
    connect: Connect, tmp_path: Path
) -> None:
    other = Lab("other", 1, tmp_path / "other", (Region("eu-west-1", 1),))
    pki.ensure_authority(other)
    certificate, key = pki.issue(other, "server", common_name="x", addresses=["127.0.0.1"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    heard: list[bytes] = []
    with serving(lambda c: heard.append(c.recv(1)), context) as address:
        assert "ertificate" in (await failure_of(connect(address), "version")).what
    assert heard == []


def status(code: int, reason: str, message: str, *causes: dict[str, str]) -> Behaviour:
    body = {"kind": "Status", "code": code, "reason": reason, "message": message}
    return answer(json.dumps({**body, "details": {"causes": list(causes)}}).encode(), code)


RBAC = 'configmaps "a" is forbidden: User "x" cannot get resource "configmaps" in API group ""'
ENDING = 'configmaps "a" is forbidden: unable to create new content, it is being terminated'


@pytest.mark.parametrize(
    ("behaviour", "kind", "words"),
    [
        (status(401, "Unauthorized", "Unauthorized"), CredentialsError, "who we are"),
        (status(403, "Forbidden", RBAC), CredentialsError, "cannot get"),
        (status(403, "Forbidden", ENDING), InfctlError, "being terminated"),
        (status(409, "Conflict", "the object has been modified"), Conflict, "modified"),
        (status(422, "Invalid", "a is invalid"), InfctlError, "invalid"),
        (status(429, "TooManyRequests", "slow down"), Unreachable, "slow down"),
        (status(500, "InternalError", "etcd is away"), Unreachable, "etcd is away"),
        (answer(b"<html>proxy</html>", 403, "text/html"), InfctlError, "403"),
        (answer(b"<html>proxy</html>", 502, "text/html"), Unreachable, "502"),
        (answer(b"", 401), CredentialsError, "who we are"),
        (answer(b"", 302), Unreachable, ""),
    ],
)
async def test_a_refusal_is_told_by_its_kind(
    behaviour: Behaviour, kind: type, words: str, connect: Connect, tls: ssl.SSLContext
) -> None:
    with serving(behaviour, tls) as address:
        error = await failure_of(connect(address), "apply")
    assert words in error.what
    assert type(error) is kind or (kind is InfctlError and isinstance(error, kind))
    if kind is InfctlError:
        assert not isinstance(error, CredentialsError | Unreachable | Conflict)


async def test_a_conflict_names_managers_and_fields_that_can_be_shown(
    connect: Connect, tls: ssl.SSLContext
) -> None:
    cause = {
        "reason": "FieldManagerConflict",
        "message": f'conflict with "kubectl{ESCAPES}" using apps/v1',
        "field": f".spec{ESCAPES}",
    }
    behaviour = status(409, "Conflict", f"Apply failed {ESCAPES}", cause)
    with serving(behaviour, tls) as address:
        error = await failure_of(connect(address), "apply")
    assert isinstance(error, Conflict)
    assert error.managers[0].startswith("kubectl")
    for text in (*error.managers, *error.fields):
        assert text == clean(text)


def one_after_another(behaviours: list[Behaviour]) -> Behaviour:
    """Each connection gets the next one."""
    left = iter(behaviours)

    def behave(connection: socket.socket) -> None:
        next(left)(connection)

    return behave


def page(name: str, following: str = "") -> bytes:
    items = [{"metadata": {"name": name}}]
    metadata = {"resourceVersion": "7", "continue": following}
    return json.dumps({"metadata": metadata, "items": items}).encode()


async def test_a_list_whose_place_was_forgotten_between_pages_begins_anew(
    connect: Connect, tls: ssl.SSLContext
) -> None:
    behave = one_after_another(
        [
            answer(page("a", "next")),
            status(410, "Expired", "The provided continue parameter is too old"),
            answer(page("a", "next")),
            answer(page("b")),
        ]
    )
    with serving(behave, tls) as address:
        found = await connect(address).list(CONFIG_MAP, "default")
    assert [o["metadata"]["name"] for o in found] == ["a", "b"]
    assert {Kind.of(o) for o in found} == {CONFIG_MAP}


async def test_a_server_that_never_ends_its_pages_is_given_up(
    connect: Connect, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(infctl.clients.cluster, "MOST_PAGES", 20)
    with serving(answer(page("a", "next")), tls) as address, pytest.raises(InfctlError):
        async with asyncio.timeout(30):
            await connect(address).list(CONFIG_MAP, "default")


def event(kind: str, found: Any) -> bytes:
    return json.dumps({"type": kind, "object": found}).encode() + b"\n"


def named(name: str, version: str) -> Object:
    return {"metadata": {"name": name, "resourceVersion": version}}


GONE = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}


ENDINGS = {
    "ERROR 410": answer(event("ERROR", GONE)),
    "HTTP 410": status(410, "Expired", "too old resource version"),
    "HTML": answer(b"<html>what</html>\n"),
    "no object": answer(event("ADDED", [])),
    "null": answer(b"null\n"),
}
QUIET = {"nothing": answer(b""), "half an event": answer(event("MODIFIED", {})[:-20])}


@pytest.mark.parametrize("ending", ENDINGS)
async def test_a_watch_that_lost_its_place_lists_again(
    ending: str, connect: Connect, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(infctl.clients.kubernetes_watch, "SHORTEST_WATCH", 0.0)
    added = answer(event("ADDED", named("b", "8")) + event("BOOKMARK", named("", "9")))
    behave = one_after_another([answer(page("a")), added, ENDINGS[ending], answer(page("c"))])
    with serving(behave, tls) as address:
        seen = await events_of(connect(address), 3)
    assert [e.type for e in seen] == ["LISTED", "ADDED", "LISTED"]
    assert seen[2].object["items"][0]["metadata"]["name"] == "c"


@pytest.mark.parametrize("ending", [*ENDINGS, *QUIET])
async def test_a_watch_that_ends_early_lists_again(
    ending: str, connect: Connect, tls: ssl.SSLContext
) -> None:
    last = {**ENDINGS, **QUIET}[ending]
    with serving(one_after_another([answer(page("a")), last, answer(page("c"))]), tls) as address:
        seen = await events_of(connect(address), 2)
    assert [e.object["items"][0]["metadata"]["name"] for e in seen] == ["a", "c"]


async def events_of(cluster: KubernetesCluster, count: int) -> list[Event]:
    async with asyncio.timeout(10), aclosing(cluster.watch(CONFIG_MAP, "default")) as events:
        return [await anext(events) for _ in range(count)]


async def test_a_server_that_ends_every_watch_at_once_is_not_hammered(
    connect: Connect, tls: ssl.SSLContext
) -> None:
    asked: list[float] = []

    def behave(connection: Any) -> None:
        asked.append(time.monotonic())
        answer(page("a") if len(asked) % 2 else b"")(connection)

    with serving(behave, tls) as address:
        events = connect(address).watch(CONFIG_MAP, "default")
        async with aclosing(events):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.5):
                    async for _ in events:
                        continue
    assert len(asked) < 20


FORBIDDEN = status(403, "Forbidden", RBAC)


async def test_a_watch_that_is_refused_from_the_first_ends_with_the_refusal(
    connect: Connect, tls: ssl.SSLContext
) -> None:
    with serving(FORBIDDEN, tls) as address, pytest.raises(CredentialsError):
        await events_of(connect(address), 1)


async def test_a_server_that_forbids_while_it_starts_again_is_waited_for(
    connect: Connect, tls: ssl.SSLContext
) -> None:
    answers = [answer(page("a")), FORBIDDEN, FORBIDDEN, answer(page("c"))]
    with serving(one_after_another(answers), tls) as address:
        seen = await events_of(connect(address), 2)
    assert [e.object["items"][0]["metadata"]["name"] for e in seen] == ["a", "c"]


async def test_a_right_that_was_taken_away_for_good_ends_the_watch(
    connect: Connect, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(infctl.clients.kubernetes_watch, "FORBIDDEN_SECONDS", 0.3)
    answers = [answer(page("a")), *[FORBIDDEN] * 20]
    with serving(one_after_another(answers), tls) as address, pytest.raises(CredentialsError):
        await events_of(connect(address), 2)
