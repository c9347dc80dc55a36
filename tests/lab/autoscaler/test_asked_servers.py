"""Servers that a prometheus trigger asks: slow, endless, redirecting, silent, gone."""

import asyncio
import json

import aiohttp
import pytest
from scaled_objects import prometheus

from infctl.lab.autoscaler.triggers import prometheus as metric
from infctl.lab.autoscaler.triggers.common import Reading, ScalerFailed

ANSWER = json.dumps(
    {"status": "success", "data": {"resultType": "vector", "result": [{"value": [1, "7"]}]}}
).encode()
HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunk(part: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(part), part)


async def ask(*parts: bytes, stays: bool = False) -> Reading:
    """What a server means that sends these parts, one after the other.

    Afterwards it closes the connection, or keeps it and says nothing.
    """

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0)
            if stays:
                await reader.read()
        except ConnectionError:
            return
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        async with aiohttp.ClientSession() as session:
            trigger = metric.read_trigger(0, prometheus(ignoreNullValues="false"))
            url = f"http://127.0.0.1:{port}"
            return await metric.ask(session, url, trigger)
    finally:
        server.close()


async def test_an_answer_in_pieces_is_read_whole() -> None:
    pieces = [chunk(ANSWER[i : i + 9]) for i in range(0, len(ANSWER), 9)]
    reading = await ask(HEAD, *pieces, chunk(b""))
    assert reading.value == 7.0


MEGABYTES = [chunk(b" " * 2**18)] * 12


@pytest.mark.parametrize(
    ("parts", "stays", "reason"),
    [
        ((HEAD, *MEGABYTES), True, "ClientPayloadError"),
        ((HEAD, chunk(ANSWER[:20])), False, "ClientPayloadError"),
        ((b"nonsense\r\n\r\n",), False, "prometheus at http://127.0.0.1"),
        ((), True, "TimeoutError"),
        ((), False, "ServerDisconnectedError"),
        ((HEAD,), True, "TimeoutError"),
    ],
    ids=["endless", "cut short", "nonsense", "silent", "closes", "stops"],
)
async def test_a_bad_server_is_a_reason_in_time(
    monkeypatch: pytest.MonkeyPatch, parts: tuple[bytes, ...], stays: bool, reason: str
) -> None:
    monkeypatch.setattr(metric, "_SECONDS", 0.4)
    with pytest.raises(ScalerFailed) as caught:
        await ask(*parts, stays=stays)
    assert reason in str(caught.value)


async def test_nobody_is_led_elsewhere() -> None:
    moved = b"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    with pytest.raises(ScalerFailed, match="answers 307"):
        await ask(moved)
