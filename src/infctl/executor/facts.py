"""Reads the facts that plans and guards are made from."""

import asyncio
from collections.abc import Mapping

from infctl.content.facts import Facts
from infctl.errors import InfctlError
from infctl.executor.watch import unfinished_runs
from infctl.observe.snapshot import Target, observe
from infctl.platform import Platform
from infctl.ports.world import World

DEADLINE = 2.0


async def read_facts(world: World, platform: Platform, *, besides: str = "") -> Facts:
    """One snapshot, the gateways' addresses, and unfinished runs `besides` a given one."""
    service = platform.service
    target = Target(service.name, service.host, service.zone, platform.region_names)
    snapshot, addresses = await asyncio.gather(
        observe(world, target, deadline=DEADLINE), read_addresses(world, platform)
    )
    unfinished = unfinished_runs(world.environment)
    unfinished.pop(besides, None)
    return Facts(platform, snapshot, addresses, unfinished)


async def read_addresses(world: World, platform: Platform) -> Mapping[str, str]:
    """The address that each region's record gives; regions without one are missing."""
    host = platform.service.host
    try:
        state = await asyncio.wait_for(world.names.read(platform.service.zone), DEADLINE)
    except (TimeoutError, InfctlError):
        return {}
    return {
        record.set_identifier: record.values[0]
        for record in state.records
        if record.name.rstrip(".") == host and record.values
    }
