"""DNS over UDP and TCP on one address."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, cast

Respond = Callable[[bytes, bool, str], bytes | None]
"""A message, whether it came over UDP, and from which address, to its answer."""

IDLE_SECONDS = 10.0
log = logging.getLogger(__name__)


class Server:
    """Both sockets; answers are made in the loop, since each takes a fraction of a millisecond."""

    def __init__(self, respond: Respond) -> None:
        self._respond = respond
        self._transport: asyncio.DatagramTransport | None = None
        self._streams: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> None:
        """Listen; OSError where the address is in use."""
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self.answer), local_addr=(host, port)
        )
        self._transport = transport
        self._streams = await asyncio.start_server(self._serve, host, port)

    async def stop(self) -> None:
        """Close both sockets."""
        if self._transport is not None:
            self._transport.close()
        if self._streams is not None:
            self._streams.close()

    def answer(self, data: bytes, udp: bool, sender: str) -> bytes | None:
        """An answer, or None; a mistake of ours costs one answer, never the server."""
        try:
            return self._respond(data, udp, sender)
        except Exception:
            log.exception("cannot answer %s", data[:64].hex())
            return None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Messages with their length before them, until the client is silent or gone."""
        sender = str(writer.get_extra_info("peername", ("",))[0])
        try:
            while True:
                async with asyncio.timeout(IDLE_SECONDS):
                    size = int.from_bytes(await reader.readexactly(2))
                    answer = self.answer(await reader.readexactly(size), False, sender)
                if answer is None:
                    return
                writer.write(len(answer).to_bytes(2) + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, TimeoutError, OSError):
            return
        finally:
            writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, answer: Respond) -> None:
        self._answer = answer
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        answer = self._answer(data, True, addr[0])
        if answer is not None and self._transport is not None:
            self._transport.sendto(answer, addr)
