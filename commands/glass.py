"""Runs that may break the glass: who starts one is told that others hear of it."""

import asyncio
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from infctl.commands import planning
from infctl.commands.context import Context
from infctl.commands.output import note
from infctl.errors import InfctlError
from infctl.model.plan import Plan

if TYPE_CHECKING:
    from infctl.platform import Platform


def start(
    context: Context,
    plan: Plan,
    platform: "Platform",
    overridden: Collection[str],
    report: Path | None,
) -> str:
    """Hand the plan to an executor of its own and return the run's id."""
    path = None if report is None else report.absolute()
    options = {"overridden": tuple(overridden), "report": path}
    run = planning.start(context, plan, platform, **options)
    if overridden:
        named = ", ".join(sorted(overridden))
        note(f"--break-glass {named}: others are told as the run begins, and its review")
        note(f"stays open until somebody closes it: infctl reviews close {run} --reason WHY")
    return run


def deliver_waiting(context: Context, environment: str) -> None:
    """For a program that sleeps between its questions: alarms that wait go along meanwhile."""
    from infctl.executor.alarms import deliver, untold, waiting

    if not environment or not waiting(environment):
        return
    try:
        world = context.open_world(context.load_whole_platform())
    except InfctlError:
        # The next look tells what is wrong with the files.
        return

    async def tell() -> None:
        try:
            await deliver(world)
        finally:
            await world.close()

    if untold(world):
        asyncio.run(tell())
