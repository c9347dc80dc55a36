"""A real edge proxy before a small server, for tests."""

import asyncio
import contextlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from infctl.lab import addresses, edge, locate
from infctl.lab.edge.control import Edge, socket_of
from infctl.lab.fetch import toxiproxy
from infctl.lab.part import Check
from infctl.lab.spec import Lab, Region

REGIONS = (Region("east", 1), Region("west", 2))
SECONDS = 15.0


@contextlib.contextmanager
def run_edges(state: Path) -> Iterator[Lab]:
    """The edges of two regions; nothing of them runs after the block."""
    toxiproxy.ensure(print)
    number, claim = locate.claim_number()
    with claim, contextlib.ExitStack() as stack:
        ipv6 = all(locate.can_bind(addresses.IPV6, port) for port in (8080, 8443))
        lab = Lab("edges", number, state, REGIONS, ipv6=ipv6)
        for region in REGIONS:
            edge.prepare(lab, region)
            (part,) = edge.parts(lab, region)
            process = subprocess.Popen(part.argv, env=dict(part.environment))
            stack.callback(process.wait)
            stack.callback(process.kill)
            end = time.monotonic() + SECONDS
            while reason := asyncio.run(_ask(part.ready)):
                assert time.monotonic() < end, reason
                time.sleep(0.02)
        yield lab


async def _ask(check: Check) -> str:
    return await check()


def edge_of(lab: Lab, name: str) -> Edge:
    """The API of a region's edge."""
    return Edge(socket_of(lab, lab.region(name)))
