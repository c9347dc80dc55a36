"""Reads the facts that plans and guards are made from."""

import asyncio
from dataclasses import replace

from infctl.content.facts import Facts
from infctl.engine.locks import FreezeWatch
from infctl.executor.elsewhere import unfinished
from infctl.executor.freezing import frozen_here
from infctl.executor.rights import ask_rights
from infctl.executor.watch import unfinished_runs
from infctl.model.measured import Measured
from infctl.model.plan import Plan
from infctl.observe.addresses import read_addresses
from infctl.observe.budget import read_budget
from infctl.observe.snapshot import Target, observe
from infctl.platform import Platform
from infctl.ports.world import World

DEADLINE = 4.0
"""Plans are made from it once, so a slow answer is worth waiting for where it decides."""
QUICK = 1.2
"""Tried first: a recovery does not wait for those who are dead where the others say enough."""


async def read_facts(
    world: World, platform: Platform, *, besides: str = "", deadline: float = DEADLINE
) -> Facts:
    """One snapshot, the gateways' addresses, and unfinished runs `besides` a given one."""
    service = platform.service
    target = Target(service.name, service.host, service.zone, platform.region_names)
    await world.warm()
    snapshot, addresses, budget, freezes, (open_runs, runs_unread) = await asyncio.gather(
        observe(world, target, deadline=deadline),
        read_addresses(world, service.zone, service.host, deadline),
        _budget(world, platform, deadline),
        _freezes(world),
        unfinished(world, unfinished_runs(world.environment), min(deadline, QUICK)),
    )
    open_runs.pop(besides, None)
    return Facts(
        platform,
        snapshot,
        addresses.found,
        open_runs,
        addresses.unread,
        "" if (found := freezes.current()) is None else found.sentence,
        budget,
        carried=addresses.carried,
        freezes_unread=freezes.is_deaf,
        runs_unread=runs_unread,
    )


async def _freezes(world: World) -> FreezeWatch:
    """Who stopped everything, by this machine's word or that of any cluster that answers."""
    watch = FreezeWatch(world, frozen_here, world.clock)
    await watch.ask()
    return watch


async def with_rights(facts: Facts, world: World, plan: Plan) -> Facts:
    """The facts with the API servers' answers for what the plan needs."""
    return replace(facts, rights=await ask_rights(world, plan))


async def _budget(world: World, platform: Platform, deadline: float) -> Measured[float] | None:
    """The error budget; a simulated environment has none that binds, so it is not asked."""
    if platform.environment_class == "sim":
        return None
    objective = platform.objectives.availability
    return await read_budget(world.metrics, objective.target, objective.window, deadline)
