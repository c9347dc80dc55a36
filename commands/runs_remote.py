"""Runs that this machine does not know: read, and taken over, from their copies in the clusters."""

import asyncio
import time
from typing import TYPE_CHECKING

import typer

from infctl.commands.context import context_of
from infctl.commands.output import note
from infctl.commands.step_lines import StepLines
from infctl.errors import DeadlinePassed, InfctlError, Refused
from infctl.model.run import PAUSED

if TYPE_CHECKING:
    from infctl.engine.copies import Copy
    from infctl.model.run import RunView
    from infctl.platform import Platform


_EVERY = 2.0
_STILL = 30.0
"""Seconds: between two looks at a copy, and until one that does not grow is told of."""


def is_local(run: str) -> bool:
    """Whether this machine has the run; a name that is no whole id can only be local."""
    from infctl.engine.order import RUN_ID
    from infctl.executor.folders import run_ids

    return RUN_ID.fullmatch(run) is None or run in run_ids()


def read_copy(ctx: typer.Context, run: str) -> "RunView":
    """A run of another machine as its copies tell it."""
    copy, _ = asyncio.run(_find(ctx, run))
    note(f"run {run} is of another machine: this is its copy in the clusters")
    return copy.view


def watch_copy(ctx: typer.Context, run: str, timeout: float | None) -> "RunView":
    """Follow a run of another machine by its copies, until it is over, pauses, or `timeout`.

    A copy does not say whether its executor lives: one that stands still is told of.
    """
    note(f"run {run} is of another machine: this is its copy in the clusters")
    return asyncio.run(_watch(ctx, run, timeout))


async def _watch(ctx: typer.Context, run: str, timeout: float | None) -> "RunView":
    lines = StepLines()
    began = grown = time.monotonic()
    seen = 0
    while True:
        view = (await _find(ctx, run))[0].view
        for line in lines.advance(view):
            note(line)
        now = time.monotonic()
        if view.over or view.state in PAUSED:
            return view
        if view.seq > seen:
            grown, seen = now, view.seq
        elif now - grown > _STILL:
            note(f"nothing new for {_STILL:g} s: infctl locks list; infctl runs resume {run}")
            grown = now
        if timeout is not None and now - began > timeout:
            raise DeadlinePassed(
                f"run {run} has not ended within {timeout:g} s", hint=f"infctl runs attach {run}"
            )
        await asyncio.sleep(_EVERY)


def read_copies(ctx: typer.Context) -> "list[RunView]":
    """Every run that the environment's clusters keep."""
    return asyncio.run(_list(ctx))


def bring(ctx: typer.Context, run: str) -> None:
    """Take a run over from its copies, so that this machine can carry it on or take it back."""
    from infctl.executor.remote import take_over

    copy, platform = asyncio.run(_find(ctx, run))
    if copy.view.over:
        raise Refused(f"run {run} is over", hint=f"infctl runs show {run}")
    note(f"run {run} was begun by {copy.view.actor}: {copy.order.plan.summary}")
    note(f"plan {copy.order.plan.digest[:12]}, {len(copy.records)} records from the clusters")
    note("it begins once the lease of its former executor has run out: within 20 s")
    take_over(copy, platform)


def tell_clusters(ctx: typer.Context, run: str) -> None:
    """Write the end of a run that was abandoned into its copies, where a cluster answers."""
    try:
        is_told = asyncio.run(_publish(ctx, run))
    except InfctlError as error:
        note(f"no cluster was told: {error.what}")
        return
    if not is_told:
        note("no cluster was told: other machines still take the run for open")


async def _publish(ctx: typer.Context, run: str) -> bool:
    from infctl.executor.elsewhere import publish
    from infctl.executor.folders import find_folder

    context = context_of(ctx)
    world = context.open_world(context.load_platform())
    try:
        return await publish(world, find_folder(run))
    finally:
        await world.close()


async def _find(ctx: typer.Context, run: str) -> "tuple[Copy, Platform]":
    from infctl.engine.copies import find_copy

    context = context_of(ctx)
    platform = context.load_platform()
    world = context.open_world(platform)
    try:
        return await find_copy(world, run), platform
    finally:
        await world.close()


async def _list(ctx: typer.Context) -> "list[RunView]":
    from infctl.engine.copies import list_copies

    context = context_of(ctx)
    world = context.open_world(context.load_platform())
    try:
        return [copy.view for copy in await list_copies(world)]
    finally:
        await world.close()
