"""Named HTTP endpoints: scheme, host and port are the environment's, and so is whom we reach.

The address of every connection is judged right before it is made: a name that resolves elsewhere
by then (DNS rebinding) reaches nobody. No redirect is followed, no proxy of the environment used.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from infctl.clients.sent_once import sent_once
from infctl.errors import Refused, Unreachable
from infctl.model.text import Secret, clean
from infctl.ports.calls import Reply

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

LARGEST = 64 * 1024
CONNECT_SECONDS = 4.0
_METADATA = frozenset(
    ipaddress.ip_address(a)
    for a in ("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16")
)
"""Where clouds serve credentials to whoever asks from inside."""
_KEPT = ("content-type", "etag", "location", "retry-after", "x-request-id")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a name leads: http(s)://HOST:PORT, and a bearer token where it needs one."""

    url: str
    token: Secret | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """The host as the file has it."""
        return urlsplit(self.url).hostname or ""


class HttpEndpoints:
    """The port HttpCaller."""

    def __init__(self, endpoints: Mapping[str, Endpoint]) -> None:
        self._endpoints = dict(endpoints)

    async def call(
        self, endpoint: str, method: str, path: str, body: str, key: str, timeout: float
    ) -> Reply:
        """One request; the answer is read up to 64 KiB, and whole within `timeout`."""
        found = self._endpoints.get(endpoint)
        if found is None:
            raise Refused(
                f"there is no endpoint {clean(endpoint, limit=80)}",
                hint="docs/platform.md: endpoints",
                unchanged="nothing was called",
            )
        _check_path(path)
        try:
            async with asyncio.timeout(timeout):
                return await _ask(found, method, path, body, key)
        except TimeoutError:
            raise Unreachable(f"{endpoint}: no whole answer within {timeout:g} s") from None
        except (OSError, ValueError) as error:
            raise Unreachable(f"{endpoint} does not answer ({type(error).__name__})") from error


async def _ask(endpoint: Endpoint, method: str, path: str, body: str, key: str) -> Reply:
    from aiohttp import ClientError

    try:
        async with (
            _session(endpoint) as session,
            session.request(
                method,
                _url(endpoint, path),
                data=body.encode() if body else None,
                headers=_headers(endpoint, body, key),
                allow_redirects=False,
            ) as response,
        ):
            return await _read(response)
    except ClientError as error:
        # What was refused before a connection was made stands behind the library's own error.
        refusal = _refusal(error)
        if refusal is not None:
            raise refusal from error
        raise Unreachable(f"{endpoint.host} does not answer ({type(error).__name__})") from error


def _session(endpoint: Endpoint) -> "ClientSession":
    from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

    def judged(info: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, address = info
        check_peer(endpoint.host, str(address[0]))
        return socket.socket(family, kind, protocol)

    connector = TCPConnector(use_dns_cache=False, force_close=True, limit=1, socket_factory=judged)
    timeout = ClientTimeout(total=None, sock_connect=CONNECT_SECONDS)
    return ClientSession(
        connector=connector,
        timeout=timeout,
        trust_env=False,
        cookie_jar=DummyCookieJar(),
        auto_decompress=False,
        max_line_size=8190,
        middlewares=(sent_once,),
    )


async def _read(response: "ClientResponse") -> Reply:
    """A part of a large body is enough; the connection is not used again."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) >= LARGEST:
            break
    text = bytes(body[:LARGEST]).decode(errors="replace")
    headers = {
        name: clean(value, limit=500) for name in _KEPT if (value := response.headers.get(name))
    }
    response.close()
    return Reply(response.status, text, headers)


def check_peer(host: str, address: str) -> None:
    """Refused where a connection to `address` is none that the file's `host` may lead to.

    An address that the file itself names is what it says; a name may lead nowhere on this machine,
    to no neighbour on the link, and to no service that gives out credentials.
    """
    peer = _real(ipaddress.ip_address(address.partition("%")[0]))
    if _literal(host) == peer:
        return
    is_ours = host == "localhost" and peer.is_loopback
    is_special = (
        peer in _METADATA
        or peer.is_link_local
        or peer.is_multicast
        or peer.is_unspecified
        or peer.is_reserved
        or (peer.is_loopback and not is_ours)
    )
    if is_special:
        raise PeerRefused(
            f"{clean(host, limit=80)} leads to {peer}, which is no place for an endpoint",
            unchanged="nothing was sent",
        )


class PeerRefused(Refused):
    """A name that leads where no endpoint may be."""


def _refusal(error: BaseException | None) -> PeerRefused | None:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, PeerRefused):
            return error
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return None


Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def _real(address: Address) -> Address:
    """Who is meant behind an address that carries another one."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.sixtofour is not None:
            return address.sixtofour
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _check_path(path: str) -> None:
    is_plain = path.startswith("/") and path.isascii() and all("!" <= c <= "~" for c in path)
    if not is_plain or "#" in path or "\\" in path:
        raise Refused("the path is none below an endpoint", unchanged="nothing was called")


def _url(endpoint: Endpoint, path: str) -> Any:
    """Encoded already: whatever it holds, it cannot become part of the host."""
    from yarl import URL

    return URL(endpoint.url.rstrip("/") + path, encoded=True)


def _headers(endpoint: Endpoint, body: str, key: str) -> dict[str, str]:
    headers = {"Accept-Encoding": "identity", "User-Agent": "infctl", **endpoint.headers}
    if body:
        headers.setdefault("Content-Type", "application/json")
    if key:
        headers["Idempotency-Key"] = key
    if endpoint.token is not None:
        headers["Authorization"] = f"Bearer {endpoint.token.reveal()}"
    return headers
