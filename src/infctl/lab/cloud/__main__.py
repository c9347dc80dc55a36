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
from infctl.lab.cloud.courier import Courier
from infctl.lab.cloud.forwarding import forward, open_session
from infctl.lab.cloud.inbox import Inbox
from infctl.lab.cloud.regional import RegionalFront
from infctl.lab.cloud.route53 import Route53
from infctl.lab.cloud.worldwide import GlobalFront
from infctl.lab.dns.checkers import KNOWN, source_address

READY = "/_infctl/ready"
_MOST_HEADER_BYTES = 65536


Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]
# What moto's process answers for the fronts: how copies and notices stand, and the delays.
_PASSED_ON = (
    ("GET", "/_infctl/replication"),
    ("PUT", "/_infctl/replication"),
    ("GET", "/_infctl/notices"),
    ("GET", "/_infctl/sns.pem"),
)


async def serve(lab: spec.Lab, region: spec.Region | None) -> None:
    """Serve until SIGTERM."""
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        session = await stack.enter_async_context(open_session())
        app = web.Application(handler_args={"max_field_size": _MOST_HEADER_BYTES})
        app.router.add_get(READY, _is_moto_there(session, _moto(lab)))
        for method, path in _PASSED_ON:
            app.router.add_route(method, path, _pass_on(session, _moto(lab)))
        if region is None:
            host, handle = _global_front(lab, session)
            Inbox(session).add_to(app.router)
        else:
            host, handle = await _regional_front(lab, region, session, stack)
            app.router.add_post("/_infctl/copies", _copies(session, _moto(lab), region.name))
        app.router.add_route("*", "/_infctl/{path:.*}", _nothing)
        app.router.add_route("*", "/{path:.*}", handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, host, addresses.CLOUD_PORT, shutdown_timeout=1).start()
        await stop.wait()


def _global_front(lab: spec.Lab, session: aiohttp.ClientSession) -> tuple[str, Handle]:
    admin = f"http://{lab.shared('dns')}:{addresses.DNS_ADMIN_PORT}"
    sources = {name: source_address(lab.number, name) for name in KNOWN}
    route53 = Route53(session, _moto(lab), admin, sources)
    front = GlobalFront(session, _moto(lab), _endpoints(lab), route53)
    return lab.shared("cloud"), front.handle


async def _regional_front(
    lab: spec.Lab,
    region: spec.Region,
    session: aiohttp.ClientSession,
    stack: contextlib.AsyncExitStack,
) -> tuple[str, Handle]:
    """With its courier, which ends with it."""
    courier = Courier(session, _moto(lab), region.name, _ways(lab, region))
    task = asyncio.create_task(courier.run())
    stack.callback(task.cancel)
    main = f"http://{lab.shared('cloud')}:{addresses.CLOUD_PORT}"
    front = RegionalFront(session, _moto(lab), region.name, _endpoints(lab), main, courier.note)
    return lab.inner(region, "cloud"), front.handle


def _endpoints(lab: spec.Lab) -> dict[str, str]:
    return {
        item.name: f"http://{lab.edge(item, 'cloud')}:{addresses.CLOUD_PORT}"
        for item in lab.regions
    }


def _ways(lab: spec.Lab, region: spec.Region) -> dict[str, str]:
    """How a region's own parts reach each front: those of other regions by the path there."""
    others = [other for other in lab.regions if other != region]
    paths = {other.name: f"http://{lab.path(region, other, 'cloud')}" for other in others}
    return {**_endpoints(lab), **paths}


def _pass_on(session: aiohttp.ClientSession, moto: str) -> Handle:
    async def handle(request: web.Request) -> web.StreamResponse:
        return await forward(request, session, moto, "infctl")

    return handle


def _copies(session: aiohttp.ClientSession, moto: str, region: str) -> Handle:
    """A region's front lets copies into the buckets of its own region alone."""
    pass_on = _pass_on(session, moto)

    async def handle(request: web.Request) -> web.StreamResponse:
        if request.query.get("region") != region:
            return web.Response(status=421, text=f"this is {region}")
        return await pass_on(request)

    return handle


async def _nothing(_: web.Request) -> web.Response:
    return web.Response(status=404)


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
