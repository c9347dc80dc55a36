"""Runs that this machine does not know: read, and taken over, from their copies in the clusters."""

import asyncio
from typing import TYPE_CHECKING

import typer

from infctl.commands.context import context_of
from infctl.commands.output import note
from infctl.errors import Refused

if TYPE_CHECKING:
    from infctl.executor.remote import Copy
    from infctl.model.run import RunView
    from infctl.platform import Platform


def is_local(run: str) -> bool:
    """Whether this machine has the run; a name that is no whole id can only be local."""
    from infctl.executor.folders import RUN_ID, run_ids

    return RUN_ID.fullmatch(run) is None or run in run_ids()


def read_copy(ctx: typer.Context, run: str) -> "RunView":
    """A run of another machine as its copies tell it."""
    copy, _ = asyncio.run(_find(ctx, run))
    note(f"run {run} is of another machine: this is its copy in the clusters")
    return copy.view


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


async def _find(ctx: typer.Context, run: str) -> "tuple[Copy, Platform]":
    from infctl.executor.remote import find_copy

    context = context_of(ctx)
    platform = context.load_platform()
    world = context.open_world(platform)
    try:
        return await find_copy(world, run), platform
    finally:
        await world.close()


async def _list(ctx: typer.Context) -> "list[RunView]":
    from infctl.executor.remote import list_copies

    context = context_of(ctx)
    world = context.open_world(context.load_platform())
    try:
        return [copy.view for copy in await list_copies(world)]
    finally:
        await world.close()
