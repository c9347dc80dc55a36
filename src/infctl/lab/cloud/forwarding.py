"""Passing requests on as they are, body and answer streamed."""

from typing import Final

import aiohttp
import yarl
from aiohttp import hdrs, web
from multidict import CIMultiDict

from infctl.lab.cloud.refusals import Refusal, refuse

TIMEOUT: Final = aiohttp.ClientTimeout(total=None, sock_connect=3, sock_read=60)
_HOP_BY_HOP: Final = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding"}
    | {"upgrade", "expect"}
)
_BODILESS: Final = (204, 304)


def open_session() -> aiohttp.ClientSession:
    """A session that changes nothing in what it sends and gets."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        timeout=TIMEOUT,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=[hdrs.USER_AGENT, hdrs.ACCEPT, hdrs.ACCEPT_ENCODING, hdrs.CONTENT_TYPE],
    )


async def forward(
    request: web.Request, session: aiohttp.ClientSession, base: str, service: str
) -> web.StreamResponse:
    """Send a request on to the server at `base`; 503 where it does not answer."""
    url = yarl.URL(base + request.raw_path, encoded=True)
    body = request.content if request.can_read_body else None
    response: web.StreamResponse | None = None
    try:
        async with session.request(
            request.method,
            url,
            headers=_passed_on(request.headers),
            data=body,
            allow_redirects=False,
        ) as answer:
            response = web.StreamResponse(status=answer.status, reason=answer.reason)
            response.headers.extend(_passed_on(answer.headers))
            await response.prepare(request)
            if request.method != "HEAD" and answer.status not in _BODILESS:
                async for chunk in answer.content.iter_any():
                    await response.write(chunk)
            await response.write_eof()
            return response
    except (aiohttp.ClientError, TimeoutError, OSError):
        if response is not None and response.prepared:
            _break_off(request)
            return response
        return to_response(unavailable(service, target="X-Amz-Target" in request.headers))


def _break_off(request: web.Request) -> None:
    """End a half-sent answer so that its reader sees that; the reader may be gone already."""
    if request.transport is not None:
        request.transport.abort()


def unavailable(service: str, *, target: bool = False) -> Refusal:
    """What a client gets while the cloud behind the front is away."""
    return refuse(
        service,
        503,
        "ServiceUnavailable",
        "The lab's cloud does not answer.",
        target=target,
    )


def to_response(refusal: Refusal) -> web.Response:
    """A refusal as an answer."""
    return web.Response(
        status=refusal.status,
        text=refusal.body,
        content_type=refusal.content_type,
        headers=refusal.headers,
    )


def _passed_on(headers: "CIMultiDict[str] | aiohttp.typedefs.LooseHeaders") -> CIMultiDict[str]:
    found = CIMultiDict(headers)
    for name in [name for name in found if name.lower() in _HOP_BY_HOP]:
        found.popall(name, None)
    return found
