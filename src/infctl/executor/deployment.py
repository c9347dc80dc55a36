"""A deployment as the environment's one holder: under its lock, fenced, and stopped by a freeze."""

import asyncio
from dataclasses import dataclass

from infctl.engine.deploy.regions import Request, apply_everywhere
from infctl.engine.deploy.results import RegionResult, Report
from infctl.engine.fencing import problems
from infctl.engine.locks import FreezeWatch
from infctl.errors import Frozen
from infctl.executor.exclusive import exclusive
from infctl.executor.folders import new_run_id
from infctl.executor.freezing import frozen_here
from infctl.ports.world import World


@dataclass(frozen=True, slots=True)
class Deployment:
    """One result a row, and where writes of an older holder remain possible."""

    results: list[RegionResult]
    problems: list[str]


async def deploy(world: World, request: Request, report: Report) -> Deployment:
    """Deploy while nobody else changes the environment.

    Raises Frozen while somebody stopped everything, Refused where another holder lives, and
    Unreachable where no majority of the lock's places answers; nothing is changed then.
    """
    freezes = FreezeWatch(world, frozen_here, world.clock)

    def refuse_frozen() -> None:
        if (found := freezes.current()) is not None:
            raise Frozen(
                found.sentence, hint="infctl freeze --status", unchanged="nothing was changed"
            )

    await freezes.ask()
    refuse_frozen()
    # What could not be told of the fence at first may stand at the end: the policies are deployed.
    async with exclusive(world, f"deploy-{new_run_id()}", tell=_not_yet) as held:

        def check() -> None:
            refuse_frozen()
            held.lock.check()

        watching = asyncio.create_task(freezes.run())
        try:
            results = await apply_everywhere(held.world, request, report, check)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        return Deployment(results, problems(held.world.clusters))


def _not_yet(sentence: str) -> None:
    del sentence
