"""The lock's witness: the table that keeps its item, made where it is missing."""

from infctl.engine.deploy.results import Action, Change
from infctl.ports.world import World


async def bring_witness(world: World, *, dry_run: bool = False) -> list[Change]:
    """One change where the platform names a witness, none where it does not."""
    if world.witness is None:
        return []
    was_there = await world.witness.ensure(dry_run=dry_run)
    action = Action.UNCHANGED if was_there else Action.CREATED
    return [Change(f"lock/{world.witness.name}", action)]
