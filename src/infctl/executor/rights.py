"""Asks the API servers whether they let us do what a plan's steps will do."""

import asyncio
from collections.abc import Mapping

from infctl.engine.guards import needed_rights
from infctl.engine.guards.rights import words
from infctl.engine.handler import Permission
from infctl.errors import InfctlError
from infctl.model.plan import Plan
from infctl.ports.world import World

DEADLINE = 2.0


async def ask_rights(world: World, plan: Plan) -> Mapping[Permission, str]:
    """For each right that the plan needs: empty where granted, else why not; an error is a no.

    All are asked at once, each within 2 s, never from a cache.
    """
    needed = needed_rights(plan)
    answers = await asyncio.gather(*(ask_right(world, right) for right in needed))
    return dict(zip(needed, answers, strict=True))


async def ask_right(world: World, needed: Permission) -> str:
    """An empty text where it is granted."""
    what = words(needed)
    cluster = world.clusters.get(needed.region)
    if cluster is None:
        return f"there is no cluster to {what}"
    try:
        async with asyncio.timeout(DEADLINE):
            may = await cluster.can(
                needed.verb, needed.kind, needed.namespace, subresource=needed.subresource
            )
    except TimeoutError:
        return f"whether we may {what} is not known: no answer within {DEADLINE:g} s"
    except InfctlError as error:
        return f"whether we may {what} is not known: {error.what}"
    except Exception as error:
        # An answer that the client cannot read grants nothing.
        return f"whether we may {what} is not known: {type(error).__name__}"
    # Whatever is not plainly yes is a no.
    return "" if may is True else f"we may not {what}"
