"""`python -m infctl.lab.dns --state STATE`."""

import argparse
import asyncio
import contextlib
import logging
import signal
from collections.abc import Iterator
from ipaddress import IPv4Network
from pathlib import Path

import aiohttp
from aiohttp import web

from infctl.lab import addresses, spec
from infctl.lab.dns import admin
from infctl.lab.dns.checkers import KNOWN, source_address
from infctl.lab.dns.fleet import Fleet
from infctl.lab.dns.places import Network, Place, Places, of_region
from infctl.lab.dns.probe import Prober
from infctl.lab.dns.probe_log import ProbeLog
from infctl.lab.dns.server import Server
from infctl.lab.dns.service import Service
from infctl.lab.dns.source import CloudSource


async def serve(lab: spec.Lab) -> None:
    """Answer and check until SIGTERM."""
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        service = await _assemble(lab, stack)
        server = Server(service.respond)
        await server.start(lab.shared("dns"), addresses.DNS_PORT)
        stack.push_async_callback(server.stop)
        runner = web.AppRunner(admin.build(service), access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, lab.shared("dns"), addresses.DNS_ADMIN_PORT).start()
        reading = asyncio.create_task(service.keep_reading())
        stack.callback(reading.cancel)
        await stop.wait()


async def _assemble(lab: spec.Lab, stack: contextlib.AsyncExitStack) -> Service:
    session = await stack.enter_async_context(aiohttp.ClientSession())
    base = f"http://{lab.shared('moto')}:{addresses.MOTO_PORT}"
    log = ProbeLog(lab.folder() / "probes.jsonl")
    stack.callback(log.close)
    probers: dict[str, Prober] = {}
    fleet = Fleet(probers, log.write)
    service = Service(CloudSource(session, base), fleet, places=Places(region_networks(lab)))
    for name in KNOWN:
        probers[name] = Prober(source_address(lab.number, name), service.lookup)
        stack.push_async_callback(probers[name].close)
    stack.push_async_callback(service.fleet.close)
    return service


def region_networks(lab: spec.Lab) -> Iterator[tuple[Network, Place]]:
    """The addresses of a lab's regions, placed where the regions are."""
    for region in lab.regions:
        place = of_region(region.name, region.country)
        if place is not None:
            yield IPv4Network((lab.edge(region, "gateway"), 24), strict=False), place


def main() -> None:
    """Read the words on the command line and serve."""
    parser = argparse.ArgumentParser(prog="infctl.lab.dns")
    parser.add_argument("--state", type=Path, required=True)
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    asyncio.run(serve(spec.load(given.state)))


if __name__ == "__main__":
    main()
