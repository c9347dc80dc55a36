"""A real Envoy tells the real trace store of requests that are sampled, and passes the trace on."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from echo_servers import Echo
from gateway_objects import a_backend_ref, a_rule
from running_envoy import RunningEnvoy

from infctl.lab import addresses
from infctl.lab.traces.encoding import spans_of
from infctl.lab.traces.server import make_application
from infctl.lab.traces.store import TraceStore

SAMPLED, SKIPPED = "1" * 32, "2" * 32
PARENT = "b7ad6b7169203331"
REQUESTS = 5
"""Envoy sends that many spans at once, and fewer after five seconds."""


async def test_a_sampled_request_is_told_and_its_trace_goes_on(
    envoy: RunningEnvoy, echoes: dict[str, Echo], tmp_path: Path
) -> None:
    host = await asyncio.to_thread(envoy.serve, a_rule(a_backend_ref("a")))
    runner = web.AppRunner(make_application(TraceStore(tmp_path)))
    await runner.setup()
    where = (envoy.lab.shared("traces"), addresses.TRACES_PORT)
    await web.TCPSite(runner, *where).start()
    try:
        skipped = await asyncio.to_thread(ask, envoy, host, f"00-{SKIPPED}-{PARENT}-00")
        asked = [
            await asyncio.to_thread(ask, envoy, host, f"00-{SAMPLED}-{PARENT}-01")
            for _ in range(REQUESTS)
        ]
        url = "http://{}:{}/api/traces".format(*where)
        spans = await found(f"{url}/{SAMPLED}")
        async with aiohttp.ClientSession() as session, session.get(f"{url}/{SKIPPED}") as answer:
            assert answer.status == 404
    finally:
        await runner.cleanup()
    assert SKIPPED in skipped["traceparent"]
    assert all(SAMPLED in headers["traceparent"] for headers in asked)
    assert {span["parentSpanId"] for span in spans} == {PARENT}
    passed_on = {headers["traceparent"].split("-")[2] for headers in asked}
    assert {span["spanId"] for span in spans} == passed_on


def ask(envoy: RunningEnvoy, host: str, traceparent: str) -> Any:
    return envoy.ask(host, traceparent=traceparent).said["headers"]


async def found(url: str) -> list[Any]:
    async with asyncio.timeout(15), aiohttp.ClientSession() as session:
        while True:
            async with session.get(url) as answer:
                spans = spans_of(await answer.json())
            if len(spans) == REQUESTS:
                return spans
            await asyncio.sleep(0.05)
