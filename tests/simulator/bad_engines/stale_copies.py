"""Goes on from the copies as they were before it had the lock: their writer wrote on meanwhile."""

from infctl.engine.copies import Copy, Extended, find_copy
from infctl.errors import InfctlError, Refused
from infctl.ports.world import World
from infctl.simulator.engine import Engine

FAULTS = ("colleague",)


async def _catch_up(world: World, journal: Extended) -> Copy | None:
    try:
        copy = await find_copy(world, journal.view().run)
    except InfctlError:
        return None
    if copy.view.fence > journal.view().fence:
        raise Refused("the run was carried on elsewhere")
    return copy


ENGINE = Engine(catch_up=_catch_up)
