"""The table of the lock's witness is part of a deployment."""

from collections.abc import Callable
from dataclasses import replace

from small_world import SmallWorld

from infctl.engine.deploy.plan import plan_everywhere
from infctl.engine.deploy.regions import Request, apply_everywhere
from infctl.engine.deploy.results import Action
from infctl.fakes.witness import FakeWitness
from infctl.platform import Platform


async def test_a_deployment_makes_the_table_once_and_a_plan_never(
    platform: Platform, small: SmallWorld, request_for: Callable[..., Request]
) -> None:
    witness = FakeWitness()
    world = replace(small.world(), witness=witness)
    request = request_for(platform)
    seen = []
    planned = await plan_everywhere(world, request)
    seen.append([c.action for c in planned[-1].result.changes if c.what.startswith("lock/")])
    assert not witness.has_table
    for _ in range(2):
        results = await apply_everywhere(world, request, lambda progress: None)
        seen.append([c.action for c in results[-1].changes if c.what.startswith("lock/")])
        assert witness.has_table
    assert seen == [[Action.CREATED], [Action.CREATED], [Action.UNCHANGED]]
