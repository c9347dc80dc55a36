"""Reads the copies and compares no fence: carries on what another machine has carried on."""

from infctl.engine.copies import Copy, Extended, find_copy
from infctl.errors import InfctlError
from infctl.ports.world import World
from infctl.simulator.engine import Engine

FAULTS = ("colleague", "slow_rollout")


async def _catch_up(world: World, journal: Extended) -> Copy | None:
    try:
        return await find_copy(world, journal.view().run)
    except InfctlError:
        return None


ENGINE = Engine(catch_up=_catch_up)
