"""A proxy before a real API server that ends TLS itself and loses what a test wants lost."""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import aiohttp
from aiohttp import web
from real_control_plane import ControlPlane

from infctl.lab import pki

_ASKS = "/apis/authorization.k8s.io/"
_HOP = frozenset({"content-length", "transfer-encoding", "connection", "content-encoding"})


class Loss(StrEnum):
    """What becomes of one write."""

    BEFORE = "cut before the request reaches the server"
    AFTER = "cut after the server applied it"
    HALF = "reset half way through the reply"
    BUSY = "503 after the server applied it"
    LATE = "the reply comes after the client's deadline"


@dataclass
class LosingProxy:
    """Passes everything on but the writes whose numbers, from 1, stand in `losses`.

    `silent_after_loss`: from a loss on nobody is answered. `applied` is told of each write that
    the server took, by method and path, before its reply goes on.
    """

    upstream: str
    trust: ssl.SSLContext
    losses: dict[int, Loss] = field(default_factory=dict)
    silent_after_loss: bool = False
    is_silent: bool = False
    written: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    applied: Callable[[str, str], Awaitable[None]] | None = None

    def lose(self, losses: dict[int, Loss], *, silent: bool = False) -> None:
        """From here on, count the writes anew and lose these."""
        self.losses, self.silent_after_loss, self.is_silent = losses, silent, False
        self.written, self.lost = [], []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One request there and back."""
        if self.is_silent:
            return _reset(request)
        loss = self._loss_of(request)
        if loss is Loss.BEFORE:
            return _reset(request)
        status, headers, body = await self._forward(request)
        if _is_write(request) and status < 300 and self.applied is not None:
            await self.applied(request.method, request.path)
        if loss is Loss.AFTER:
            return _reset(request)
        if loss is Loss.BUSY:
            return web.json_response({"message": "apiserver is shutting down"}, status=503)
        if loss is Loss.LATE:
            await _gone(request)
        if loss is Loss.HALF:
            return await _half(request, status, headers, body)
        return web.Response(status=status, headers=headers, body=body)

    def _loss_of(self, request: web.Request) -> Loss | None:
        if not _is_write(request):
            return None
        self.written.append(f"{request.method} {request.path}")
        loss = self.losses.get(len(self.written))
        if loss is not None:
            self.lost.append(self.written[-1])
            self.is_silent = self.silent_after_loss
        return loss

    async def _forward(self, request: web.Request) -> tuple[int, dict[str, str], bytes]:
        headers = {k: v for k, v in request.headers.items() if k.lower() not in {*_HOP, "host"}}
        url = f"{self.upstream}{request.raw_path}"
        async with (
            aiohttp.ClientSession(auto_decompress=True) as session,
            session.request(
                request.method, url, headers=headers, data=await request.read(), ssl=self.trust
            ) as answer,
        ):
            kept = {k: v for k, v in answer.headers.items() if k.lower() not in _HOP}
            return answer.status, kept, await answer.read()


@asynccontextmanager
async def losing_proxy(plane: ControlPlane) -> AsyncIterator[tuple[LosingProxy, str]]:
    """The proxy, and its address; the lab's authority vouches for it."""
    proxy = LosingProxy(plane.url, ssl.create_default_context(cafile=str(plane.ca)))
    # TLS, since the client takes no other server.
    server = web.Server(proxy.handle)  # type: ignore[arg-type]
    runner = web.ServerRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=_certificate(plane))
    await site.start()
    try:
        yield proxy, f"https://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _certificate(plane: ControlPlane) -> ssl.SSLContext:
    files: tuple[Path, Path] = pki.issue(
        plane.lab, "losing-proxy", common_name="losing-proxy", addresses=["127.0.0.1"]
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    return context


def _is_write(request: web.Request) -> bool:
    is_dry = "dryRun" in request.query
    return request.method != "GET" and not is_dry and not request.path.startswith(_ASKS)


def _reset(request: web.Request) -> web.StreamResponse:
    """End the connection by RST, with nothing said."""
    transport = request.transport
    if transport is not None:
        found = transport.get_extra_info("socket")
        found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()


async def _half(
    request: web.Request, status: int, headers: dict[str, str], body: bytes
) -> web.StreamResponse:
    response = web.StreamResponse(status=status, headers=headers)
    response.content_length = len(body)
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    _reset(request)
    return response


async def _gone(request: web.Request) -> None:
    """Until the client has hung up."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(10):
            while request.transport is not None and not request.transport.is_closing():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
