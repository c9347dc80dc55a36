"""`python -m infctl.lab.cloud --state STATE [--region NAME]`: the global front, or a region's."""

import argparse
import asyncio
import contextlib
import logging
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
from aiohttp import web

from infctl.lab import addresses, spec
from infctl.lab.cloud.forwarding import open_session
from infctl.lab.cloud.regional import RegionalFront
from infctl.lab.cloud.route53 import Route53
from infctl.lab.cloud.worldwide import GlobalFront
from infctl.lab.dns.checkers import KNOWN, source_address

READY = "/_infctl/ready"
_MOST_HEADER_BYTES = 65536


async def serve(lab: spec.Lab, region: spec.Region | None) -> None:
    """Serve until SIGTERM."""
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        session = await stack.enter_async_context(open_session())
        host, handle = _front(lab, region, session)
        app = web.Application(handler_args={"max_field_size": _MOST_HEADER_BYTES})
        app.router.add_get(READY, _is_moto_there(session, _moto(lab)))
        app.router.add_route("*", "/{path:.*}", handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, host, addresses.CLOUD_PORT, shutdown_timeout=1).start()
        await stop.wait()


Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _front(
    lab: spec.Lab, region: spec.Region | None, session: aiohttp.ClientSession
) -> tuple[str, Handle]:
    endpoints = {
        item.name: f"http://{lab.edge(item, 'cloud')}:{addresses.CLOUD_PORT}"
        for item in lab.regions
    }
    if region is not None:
        main = f"http://{lab.shared('cloud')}:{addresses.CLOUD_PORT}"
        regional = RegionalFront(session, _moto(lab), region.name, endpoints, main)
        return lab.inner(region, "cloud"), regional.handle
    admin = f"http://{lab.shared('dns')}:{addresses.DNS_ADMIN_PORT}"
    sources = {name: source_address(lab.number, name) for name in KNOWN}
    route53 = Route53(session, _moto(lab), admin, sources)
    return lab.shared("cloud"), GlobalFront(session, _moto(lab), endpoints, route53).handle


def _moto(lab: spec.Lab) -> str:
    return f"http://{lab.shared('moto')}:{addresses.MOTO_PORT}"


def _is_moto_there(session: aiohttp.ClientSession, moto: str) -> Handle:
    async def ready(_: web.Request) -> web.Response:
        try:
            async with session.get(f"{moto}/moto-api/", timeout=aiohttp.ClientTimeout(2)) as answer:
                return web.Response(status=200 if answer.ok else 503)
        except (aiohttp.ClientError, TimeoutError, OSError):
            return web.Response(status=503, text="moto does not answer")

    return ready


def main() -> None:
    """Read the words on the command line and serve."""
    parser = argparse.ArgumentParser(prog="infctl.lab.cloud")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--region")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    lab = spec.load(given.state)
    asyncio.run(serve(lab, lab.region(given.region) if given.region else None))


if __name__ == "__main__":
    main()
