"""Probes over TLS and over IPv6."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from infctl.lab import pki
from infctl.lab.dns.health import Result
from infctl.lab.dns.probe import Prober
from infctl.lab.dns.records import Check
from infctl.lab.spec import Lab

SOURCE = "127.0.0.78"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nready"


def has_ipv6() -> bool:
    try:
        with closing(socket.socket(socket.AF_INET6)) as found:
            found.bind(("::1", 0))
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this host has no ::1")


class Endpoint:
    """Answers over plain or TLS connections, and keeps what it was asked."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.names: list[str | None] = []

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
            writer.write(ANSWER)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError) as gone:
            # A check over TCP connects and says nothing: kept, so that a test can see it.
            self.requests.append(f"gone: {type(gone).__name__}")
        finally:
            writer.close()

    def named(self, connection: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
        self.names.append(name)


@asynccontextmanager
async def serving(
    endpoint: Endpoint, host: str, context: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    server = await asyncio.start_server(endpoint.handle, host, 0, ssl=context)
    yield int(server.sockets[0].getsockname()[1])
    server.close()


async def probe(check: Check) -> Result:
    lookup: Callable[[str], str | None] = lambda _: None  # noqa: E731
    prober = Prober(SOURCE, lookup)
    try:
        return await prober.probe(check)
    finally:
        await prober.close()


@pytest.fixture
def context(tmp_path: Path) -> ssl.SSLContext:
    """A server's, with a certificate that is for another name, by an authority nobody knows."""
    lab = Lab("test", 16, tmp_path, ())
    pki.ensure_authority(lab)
    certificate, key = pki.issue(lab, "server", common_name="other", hosts=["other.test"])
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    found.load_cert_chain(certificate, key)
    return found


@pytest.mark.parametrize(
    ("kind", "search", "passed"),
    [
        ("HTTPS", "", True),
        ("HTTPS_STR_MATCH", "ready", True),
        ("HTTPS_STR_MATCH", "absent", False),
        ("TCP", "", True),
    ],
)
async def test_over_tls_whatever_the_certificate_says(
    context: ssl.SSLContext, kind: str, search: str, passed: bool
) -> None:
    async with serving(Endpoint(), "127.0.0.1", context) as port:
        check = Check("h", kind, address="127.0.0.1", port=port, host="vision.test", search=search)
        result = await probe(check)
    assert result.passed is passed, result.status


@pytest.mark.parametrize(("sni", "names"), [(True, ["vision.test"]), (False, [None])])
async def test_the_name_is_told_in_the_handshake_where_the_check_says_so(
    context: ssl.SSLContext, sni: bool, names: list[str | None]
) -> None:
    endpoint = Endpoint()
    context.sni_callback = endpoint.named
    async with serving(endpoint, "127.0.0.1", context) as port:
        check = Check("h", "HTTPS", address="127.0.0.1", port=port, host="vision.test", sni=sni)
        assert (await probe(check)).passed
    assert endpoint.names == names


async def test_a_plain_endpoint_fails_a_check_over_tls() -> None:
    async with serving(Endpoint(), "127.0.0.1") as port:
        result = await probe(Check("h", "HTTPS", address="127.0.0.1", port=port))
    assert not result.passed
    assert result.status.startswith("Failure: ")


@needs_ipv6
@pytest.mark.parametrize("kind", ["HTTP", "TCP"])
async def test_an_endpoint_of_ipv6_is_reached(kind: str) -> None:
    endpoint = Endpoint()
    async with serving(endpoint, "::1") as port:
        check = Check("h", kind, address="::1", port=port)
        result = await probe(check)
    assert result.passed, result.status
    if kind == "HTTP":
        assert f"Host: [::1]:{port}\r\n" in endpoint.requests[0]
    assert not (await probe(check)).passed, "nobody listens any more"
