"""One probe of one endpoint, by Route 53's deadlines.

HTTP and HTTPS: 4 s to connect, then 2 s to answer with a status of 200-399; to match a string, 2 s
more for the first 5,120 bytes of the body. TCP: 10 s to connect. Certificates are not verified.
Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
"""

import asyncio
import contextlib
import ssl
import time
from collections.abc import Callable
from http import HTTPStatus
from types import SimpleNamespace

import aiohttp
import yarl

from infctl.lab.dns.health import Result
from infctl.lab.dns.records import Check

CONNECT_SECONDS = 4.0
RESPONSE_SECONDS = 2.0
BODY_SECONDS = 2.0
TCP_SECONDS = 10.0
BODY_BYTES = 5120

Lookup = Callable[[str], str | None]
"""A name's IPv4 address, or None."""

_AGENT = "Amazon-Route53-Health-Check-Service (the lab's own checkers)"


class _Failed(Exception):
    """Why a probe failed, as it will be reported."""


class Prober:
    """Probes from one source address, each time over a connection of its own."""

    def __init__(self, source: str, lookup: Lookup) -> None:
        self._source = source
        self._lookup = lookup
        self._session = _open_session((source, 0))
        # The checkers' addresses are IPv4; to an endpoint of IPv6 the system chooses.
        self._session_ipv6 = _open_session(None)

    async def close(self) -> None:
        """Give the connectors back."""
        await self._session.close()
        await self._session_ipv6.close()

    async def probe(self, check: Check) -> Result:
        """Probe once; every way to fail becomes a status text."""
        began = time.monotonic()
        try:
            address = self._address(check)
            if check.type == "TCP":
                status = await self._connect(address, check.port)
            else:
                status = await self._request(check, address)
            passed = True
        except _Failed as error:
            passed, status = False, f"Failure: {error}"
        return Result(passed, status, time.time(), time.monotonic() - began)

    def _address(self, check: Check) -> str:
        address = check.address or self._lookup(check.host)
        if not address:
            raise _Failed("DNS resolution failed: no A record")
        return address

    async def _connect(self, address: str, port: int) -> str:
        try:
            local = None if ":" in address else (self._source, 0)
            async with asyncio.timeout(TCP_SECONDS):
                _, writer = await asyncio.open_connection(address, port, local_addr=local)
        except TimeoutError:
            raise _Failed("The health checker could not connect in time.") from None
        except OSError as error:
            raise _Failed(f"{_reason(error)}.") from None
        writer.close()
        return "Success: TCP connection established"

    async def _request(self, check: Check, address: str) -> str:
        progress = SimpleNamespace(connected=False, deadline=asyncio.timeout(CONNECT_SECONDS))
        try:
            async with progress.deadline, self._open(check, address, progress) as response:
                if not HTTPStatus.OK <= response.status < HTTPStatus.BAD_REQUEST:
                    raise _Failed(_status_line(response))
                if check.type.endswith("_STR_MATCH"):
                    await _match(response, check.search, progress.deadline)
                return f"Success: {_status_line(response)}"
        except TimeoutError:
            what = "did not respond" if progress.connected else "could not be connected to"
            raise _Failed(f"The endpoint {what} in time.") from None
        except (aiohttp.ClientError, OSError) as error:
            raise _Failed(f"{_reason(error)}.") from None
        except ValueError as error:
            raise _Failed(f"The endpoint cannot be asked: {error}.") from None

    def _open(
        self, check: Check, address: str, progress: SimpleNamespace
    ) -> "aiohttp.client._RequestContextManager":
        scheme = "https" if check.type.startswith("HTTPS") else "http"
        authority = f"[{address}]" if ":" in address else address
        url = yarl.URL(f"{scheme}://{authority}:{check.port}{check.path}", encoded=True)
        session = self._session_ipv6 if ":" in address else self._session
        return session.get(
            url,
            headers={"Host": host_header(check, address)},
            server_hostname=check.host if check.sni and check.host and scheme == "https" else None,
            allow_redirects=False,
            trace_request_ctx=progress,
        )


def _open_session(source: tuple[str, int] | None) -> aiohttp.ClientSession:
    trace = aiohttp.TraceConfig()
    trace.on_connection_create_end.append(_connected)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=context, limit=0, force_close=True, local_addr=source),
        trace_configs=[trace],
        timeout=aiohttp.ClientTimeout(total=None),
        headers={"User-Agent": _AGENT},
        cookie_jar=aiohttp.DummyCookieJar(),
    )


def host_header(check: Check, address: str) -> str:
    """The name, else the address, and the port where it is not the standard one."""
    name = check.host or (f"[{address}]" if ":" in address else address)
    standard = 443 if check.type.startswith("HTTPS") else 80
    return name if check.port == standard else f"{name}:{check.port}"


async def _connected(
    session: aiohttp.ClientSession,  # noqa: ARG001
    context: SimpleNamespace,
    parameters: aiohttp.TraceConnectionCreateEndParams,  # noqa: ARG001
) -> None:
    progress = context.trace_request_ctx
    progress.connected = True
    progress.deadline.reschedule(asyncio.get_running_loop().time() + RESPONSE_SECONDS)


async def _match(response: aiohttp.ClientResponse, search: str, deadline: asyncio.Timeout) -> None:
    deadline.reschedule(asyncio.get_running_loop().time() + BODY_SECONDS)
    body = b""
    with contextlib.suppress(asyncio.IncompleteReadError):
        body = await response.content.read(BODY_BYTES)
        while len(body) < BODY_BYTES and not response.content.at_eof():
            body += await response.content.read(BODY_BYTES - len(body))
    if search.encode() not in body:
        raise _Failed(f"{_status_line(response)}. The string was not in the first 5120 bytes.")


def _status_line(response: aiohttp.ClientResponse) -> str:
    phrase = (response.reason or "").encode("ascii", "replace").decode()
    phrase = "".join(letter for letter in phrase if letter.isprintable())[:60]
    return f"HTTP Status Code {response.status}, {phrase}"


def _reason(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "Connection refused"
    found = getattr(error, "os_error", None)
    if isinstance(found, OSError):
        return _reason(found)
    return type(error).__name__
