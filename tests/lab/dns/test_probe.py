"""Probes of real sockets."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from infctl.lab.dns import probe
from infctl.lab.dns.health import Result
from infctl.lab.dns.probe import Prober, host_header
from infctl.lab.dns.records import Check

HOST = "127.0.0.1"
SOURCE = "127.0.0.77"
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[Check]:
    server = await asyncio.start_server(handler, HOST, 0)
    port = server.sockets[0].getsockname()[1]
    yield Check("h", "HTTP", address=HOST, port=port, path="/v2/health/ready", host="vision.test")
    server.close()


async def ask(check: Check, lookup: Callable[[str], str | None] = lambda _: None) -> Result:
    prober = Prober(SOURCE, lookup)
    try:
        return await prober.probe(check)
    finally:
        await prober.close()


def saying(text: str, pause: float = 0.0) -> Handler:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(pause)
        writer.write(text.encode())
        await writer.drain()
        writer.close()

    return handler


@pytest.mark.parametrize(
    ("answer", "passed", "status"),
    [
        ("200 OK", True, "Success: HTTP Status Code 200, OK"),
        ("204 No Content", True, "Success: HTTP Status Code 204, No Content"),
        ("302 Found", True, "Success: HTTP Status Code 302, Found"),
        ("404 Not Found", False, "Failure: HTTP Status Code 404, Not Found"),
        ("503 \x1b[31mbad", False, "Failure: HTTP Status Code 503, [31mbad"),
    ],
)
async def test_a_status_from_200_to_399_is_healthy(answer: str, passed: bool, status: str) -> None:
    async with serving(saying(f"HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n")) as check:
        result = await ask(check)
    assert (result.passed, result.status) == (passed, status)


async def test_the_request_names_the_host_and_comes_from_the_checkers_address() -> None:
    asked: list[tuple[str, str]] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        asked.append((request, writer.get_extra_info("peername")[0]))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with serving(handler) as check:
        await ask(check)
    request, peer = asked[0]
    assert request.startswith("GET /v2/health/ready HTTP/1.1\r\n")
    assert f"Host: vision.test:{check.port}\r\n" in request
    assert peer == SOURCE


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        (Check("h", "HTTP", port=80, host="a.test"), "a.test"),
        (Check("h", "HTTP", port=8080, host="a.test"), "a.test:8080"),
        (Check("h", "HTTPS", port=443, host="a.test"), "a.test"),
        (Check("h", "HTTPS", port=80, host="a.test"), "a.test:80"),
        (Check("h", "HTTP", port=4566), "127.0.0.9:4566"),
    ],
)
def test_the_host_header_is_built_by_the_vendors_rules(check: Check, expected: str) -> None:
    assert host_header(check, "127.0.0.9") == expected


async def test_nobody_listening_is_a_failure_that_is_told() -> None:
    async with serving(saying("")) as check:
        pass
    result = await ask(check)
    assert (result.passed, result.status) == (False, "Failure: Connection refused.")


@pytest.mark.parametrize("answer", ["", "SSH-2.0-nonsense\r\n", "HTTP/1.1 abc\r\n\r\n"])
async def test_what_is_not_http_is_a_failure(answer: str) -> None:
    async with serving(saying(answer)) as check:
        result = await ask(check)
    assert not result.passed
    assert result.status.startswith("Failure: ")


async def test_an_answer_has_two_seconds_after_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert (probe.CONNECT_SECONDS, probe.RESPONSE_SECONDS) == (4.0, 2.0)
    monkeypatch.setattr(probe, "RESPONSE_SECONDS", 0.2)
    late = saying("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", pause=1)
    async with serving(late) as check:
        result = await ask(check)
    assert (result.passed, result.status) == (
        False,
        "Failure: The endpoint did not respond in time.",
    )
    assert 0.15 < result.seconds < 0.9


async def test_dripping_an_answer_does_not_buy_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "RESPONSE_SECONDS", 0.4)

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for letter in b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n":
            writer.write(bytes([letter]))
            await asyncio.sleep(0.1)
        writer.close()

    async with serving(handler) as check:
        result = await ask(check)
    assert not result.passed
    assert result.seconds < 0.9


@pytest.mark.parametrize(
    ("body", "passed"),
    [("x" * 5100 + "ready", True), ("x" * 5119 + "ready", False), ("Ready", False), ("", False)],
)
async def test_a_string_is_sought_in_the_first_5120_bytes(body: str, passed: bool) -> None:
    answer = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    async with serving(saying(answer)) as check:
        result = await ask(replace(check, type="HTTP_STR_MATCH", search="ready"))
    assert result.passed is passed


async def test_a_tcp_check_is_content_with_a_connection() -> None:
    async with serving(saying("")) as check:
        good = await ask(replace(check, type="TCP"))
    bad = await ask(replace(check, type="TCP"))
    assert (good.passed, bad.passed) == (True, False)


async def test_a_name_without_an_address_is_looked_up_each_time() -> None:
    async with serving(saying("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) as check:
        named = replace(check, address="")
        found = await ask(named, lambda _: HOST)
        missing = await ask(named)
    assert found.passed
    assert missing.status == "Failure: DNS resolution failed: no A record"
