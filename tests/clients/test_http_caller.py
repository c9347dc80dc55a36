"""Row C12 of the reliability catalogue: no URL leads where the access file does not."""

import socket
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from infctl.clients.http_caller import LARGEST, Endpoint, HttpEndpoints, check_peer
from infctl.engine.operations.call_http import CallHttp
from infctl.errors import ConfigurationError, InfctlError, Refused, Unreachable
from infctl.model.text import Secret
from infctl.platform.outside import EndpointAccess

URLS = [
    "http://169.254.169.254/latest/meta-data/",
    "http://[::ffff:169.254.169.254]",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://[fe80::1]/",
    "http://100.100.100.200/latest/meta-data/",
    "http://168.63.129.16/machine",
    "http://0x7f000001:6443",
    "http://0x7f.1:6443",
    "http://127.1",
    "http://2130706433/",
    "http://017700000001/",
    "http://0/",
    "http://0.0.0.0:6443/",
    "http://[::]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[2002:a9fe:a9fe::]/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "ftp://127.0.0.1/",
    "http://billing.example@169.254.169.254/",
    "http://169.254.169.254#@billing.example/",
    "http://billing.example\\@169.254.169.254/",
    "//169.254.169.254/",
    "http://224.0.0.1/",
    "http://①⑥⑨.254.169.254/",
]
SPECIAL = [
    "169.254.169.254",
    "::ffff:169.254.169.254",
    "fd00:ec2::254",
    "fe80::1",
    "100.100.100.200",
    "168.63.129.16",
    "127.0.0.1",
    "::1",
    "0.0.0.0",  # noqa: S104
    "::",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::",
    "224.0.0.1",
    "240.0.0.1",
]


class Connects:
    """Every address to which this process tries to connect."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.is_on = False

    def hear(self, event: str, args: tuple[Any, ...]) -> None:
        if self.is_on and event == "socket.connect" and args[0].family != socket.AF_UNIX:
            self.seen.append(args[1])


CONNECTS = Connects()
sys.addaudithook(CONNECTS.hear)


@pytest.fixture
def connects() -> Any:
    CONNECTS.seen.clear()
    CONNECTS.is_on = True
    yield CONNECTS.seen
    CONNECTS.is_on = False


@pytest.fixture
async def server() -> AsyncIterator[tuple[str, list[web.Request]]]:
    seen: list[web.Request] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        seen.append(request)
        if request.path == "/redirect":
            raise web.HTTPFound(request.query["to"])
        if request.path == "/gone" and request.transport is not None:
            request.transport.abort()
        if request.path == "/large":
            return web.Response(body=b"x" * (10 * LARGEST))
        return web.Response(text=await request.text() or "hello", headers={"etag": "1"})

    application = web.Application()
    application.router.add_route("*", "/{tail:.*}", handle)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    yield f"http://127.0.0.1:{port}", seen
    await runner.cleanup()


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_b9_what_may_have_been_carried_out_is_sent_once(
    method: str, server: tuple[str, list[web.Request]]
) -> None:
    base, seen = server
    with pytest.raises(Unreachable):
        await HttpEndpoints({"billing": Endpoint(base)}).call(
            "billing", method, "/gone", "x", "k", 2
        )
    assert len(seen) == 1


@pytest.mark.parametrize("url", URLS)
async def test_no_url_can_be_smuggled_in_as_a_name_a_path_or_a_redirect(
    url: str, connects: list[Any], server: tuple[str, list[web.Request]]
) -> None:
    base, seen = server
    caller = HttpEndpoints({"billing": Endpoint(base)})
    with pytest.raises(Refused):
        await caller.call(url, "GET", "/", "", "k", 2)
    args = {"endpoint": "billing", "method": "POST", "path": "/", "expected": [200]}
    for wrong in ({**args, "endpoint": url}, {**args, "path": url}):
        with pytest.raises(ConfigurationError):
            CallHttp().check(wrong)
    if not url.startswith("/"):
        with pytest.raises(Refused):
            await caller.call("billing", "GET", url, "", "k", 2)
    assert connects == []
    from yarl import URL

    target = URL.build(path="/redirect", query={"to": url.replace("\\", "/")})
    reply = await caller.call("billing", "GET", str(target), "", "k", 2)
    assert reply.status == 302
    assert len(seen) == 1
    assert {address[0] for address in connects} == {"127.0.0.1"}


@pytest.mark.parametrize("url", URLS)
async def test_an_endpoint_of_the_access_file_is_written_as_it_is_meant_or_refused(
    url: str, connects: list[Any]
) -> None:
    try:
        found = EndpointAccess(url=url)
    except ValueError:
        return
    # What remains is the plain form of an address, and leads to that address alone.
    caller = HttpEndpoints({"billing": Endpoint(found.url)})
    host = Endpoint(found.url).host
    assert socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
    assert caller is not None
    assert connects == []


@pytest.mark.parametrize("address", SPECIAL)
async def test_a_name_that_leads_to_a_special_address_reaches_nobody(
    address: str, connects: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: whatever the name said before, this is what is connected to now."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET

    async def resolve(self: Any, host: str, port: int, **rest: Any) -> list[dict[str, Any]]:
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": family,
                "proto": 0,
                "flags": 0,
            }
        ]

    monkeypatch.setattr("aiohttp.resolver.ThreadedResolver.resolve", resolve)
    monkeypatch.setattr("aiohttp.resolver.AsyncResolver.resolve", resolve, raising=False)
    caller = HttpEndpoints({"billing": Endpoint("http://billing.example:80")})
    with pytest.raises(Refused, match="no place for an endpoint"):
        await caller.call("billing", "GET", "/", "", "k", 2)
    assert connects == []


def test_what_the_file_names_itself_is_what_it_says() -> None:
    check_peer("169.254.169.254", "169.254.169.254")
    check_peer("127.0.0.1", "127.0.0.1")
    check_peer("localhost", "127.0.0.1")
    check_peer("billing.example", "10.1.2.3")
    with pytest.raises(Refused):
        check_peer("127.0.0.1", "127.0.0.2")


async def test_a_request_carries_its_key_and_token_and_its_answer_comes_back(
    server: tuple[str, list[web.Request]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    base, seen = server
    caller = HttpEndpoints({"billing": Endpoint(base, Secret("t0ken"))})
    reply = await caller.call("billing", "POST", "/a%2Fb?c=%20d", '{"a": 1}', "run/s1", 5)
    assert (reply.status, reply.body, reply.headers["etag"]) == (200, '{"a": 1}', "1")
    assert seen[0].headers["Idempotency-Key"] == "run/s1"
    assert seen[0].headers["Authorization"] == "Bearer t0ken"
    assert seen[0].raw_path == "/a%2Fb?c=%20d"


async def test_a_large_answer_is_cut(server: tuple[str, list[web.Request]]) -> None:
    caller = HttpEndpoints({"billing": Endpoint(server[0])})
    reply = await caller.call("billing", "GET", "/large", "", "", 5)
    assert len(reply.body) == LARGEST


async def test_who_does_not_answer_is_unreachable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        caller = HttpEndpoints({"b": Endpoint(f"http://127.0.0.1:{free.getsockname()[1]}")})
        with pytest.raises(Unreachable):
            await caller.call("b", "GET", "/", "", "", 2)
        free.listen()
        with pytest.raises(Unreachable, match="no whole answer within"):
            await caller.call("b", "GET", "/", "", "", 0.2)


@pytest.mark.parametrize("path", ["/a b", "/a\r\nHost: evil", "/a#b", "/ä", "a", "/\\evil", "/a\0"])
async def test_a_path_cannot_break_out_of_its_line(path: str) -> None:
    with pytest.raises(InfctlError):
        await HttpEndpoints({"b": Endpoint("http://127.0.0.1:9")}).call("b", "GET", path, "", "", 1)
