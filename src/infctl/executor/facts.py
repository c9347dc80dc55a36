"""Reads the facts that plans and guards are made from."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from infctl.content.facts import Facts
from infctl.engine.locks import FreezeWatch
from infctl.errors import InfctlError
from infctl.executor.freezing import frozen_here
from infctl.executor.rights import ask_rights
from infctl.executor.watch import unfinished_runs
from infctl.model.measured import Measured
from infctl.model.plan import Plan
from infctl.observe.budget import read_budget
from infctl.observe.snapshot import Target, observe
from infctl.platform import Platform
from infctl.ports.world import World

DEADLINE = 4.0
"""Plans are made from it once, so a slow answer is worth waiting for."""


async def read_facts(world: World, platform: Platform, *, besides: str = "") -> Facts:
    """One snapshot, the gateways' addresses, and unfinished runs `besides` a given one."""
    service = platform.service
    target = Target(service.name, service.host, service.zone, platform.region_names)
    await world.warm()
    snapshot, (addresses, unread), budget, frozen = await asyncio.gather(
        observe(world, target, deadline=DEADLINE),
        read_addresses(world, platform),
        _budget(world, platform),
        _frozen(world),
    )
    unfinished = unfinished_runs(world.environment)
    unfinished.pop(besides, None)
    return Facts(platform, snapshot, addresses, unfinished, unread, frozen, budget)


async def _frozen(world: World) -> str:
    """Who stopped everything, by this machine's word or that of any cluster that answers."""
    watch = FreezeWatch(world, frozen_here, world.clock)
    await watch.ask()
    found = watch.current()
    return "" if found is None else found.sentence


async def with_rights(facts: Facts, world: World, plan: Plan) -> Facts:
    """The facts with the API servers' answers for what the plan needs."""
    return replace(facts, rights=await ask_rights(world, plan))


async def _budget(world: World, platform: Platform) -> Measured[float] | None:
    """The error budget; a simulated environment has none that binds, so it is not asked."""
    if platform.environment_class == "sim":
        return None
    objective = platform.objectives.availability
    return await read_budget(world.metrics, objective.target, objective.window, DEADLINE)


async def read_addresses(world: World, platform: Platform) -> tuple[Mapping[str, str], str]:
    """The address that each region's record gives, and why they could not be read."""
    host = platform.service.host
    try:
        state = await asyncio.wait_for(world.names.read(platform.service.zone), DEADLINE)
    except TimeoutError:
        return {}, f"no answer within {DEADLINE:g} s"
    except InfctlError as error:
        return {}, error.what
    found = {
        record.set_identifier: record.values[0]
        for record in state.records
        if record.name.rstrip(".") == host and record.values
    }
    return found, ""
