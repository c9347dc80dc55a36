"""Runs that this machine does not know: read, and taken over, from their copies in the clusters."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import typer

from infctl.commands.context import context_of
from infctl.commands.output import note
from infctl.commands.step_lines import StepLines
from infctl.errors import DeadlinePassed, InfctlError, Refused
from infctl.model.run import PAUSED, RunState

if TYPE_CHECKING:
    from infctl.engine.copies import Copy
    from infctl.executor.pulse import Heard, Listing
    from infctl.model.run import RunView
    from infctl.platform import Platform
    from infctl.ports.world import World


_EVERY = 2.0
_STILL = 30.0
"""Seconds: between two looks at a copy, and between two words about a doubt."""


def is_local(run: str) -> bool:
    """Whether this machine has the run; a name that is no whole id can only be local."""
    from infctl.engine.order import RUN_ID
    from infctl.executor.folders import run_ids

    return RUN_ID.fullmatch(run) is None or run in run_ids()


def read_copy(ctx: typer.Context, run: str) -> "RunView":
    """A run of another machine as its copies and the lock tell it."""
    note(f"run {run} is of another machine: this is its copy in the clusters")
    return asyncio.run(_read(ctx, run)).judged


def watch_copy(ctx: typer.Context, run: str, timeout: float | None) -> "RunView":
    """Follow a run of another machine by its copies, until it is over, pauses, or `timeout`.

    It ends as well where the lock says, look after look, that its executor is gone.
    """
    note(f"run {run} is of another machine: this is its copy in the clusters")
    return asyncio.run(_watch(ctx, run, timeout))


async def _watch(ctx: typer.Context, run: str, timeout: float | None) -> "RunView":
    lines = StepLines()
    began = told = time.monotonic()
    doubts = 0
    while True:
        heard = await _read(ctx, run)
        view = heard.judged
        for line in lines.advance(heard.view):
            note(line)
        now = time.monotonic()
        doubts = doubts + 1 if view.state is RunState.IN_DOUBT else 0
        if view.over or view.state in PAUSED or (doubts > 1 and _is_gone(heard)):
            return view
        if doubts and now - told > _STILL:
            told = now
            note(f"{view.reason}: infctl locks list; infctl runs resume {run}")
        if timeout is not None and now - began > timeout:
            raise DeadlinePassed(
                f"run {run} has not ended within {timeout:g} s", hint=f"infctl runs attach {run}"
            )
        await asyncio.sleep(_EVERY)


def _is_gone(heard: "Heard") -> bool:
    from infctl.executor.pulse import Life

    return heard.pulse is not None and heard.pulse.life is Life.GONE


def read_copies(ctx: typer.Context) -> "Listing":
    """Every run that the environment's clusters keep; and who did not answer."""
    return asyncio.run(_list(ctx))


def pulse_row(heard: "Heard") -> dict[str, object]:
    """What a list says of an executor: `heard` is the age of its last word in seconds."""
    pulse = heard.pulse
    if pulse is None:
        return {"executor": "", "heard": None, "_display": {"heard": "-"}}
    age = None if pulse.heard is None else round(pulse.heard, 1)
    shown = str(pulse.life) if age is None else f"{age:.0f} s ago"
    return {"executor": str(pulse.life), "heard": age, "_display": {"heard": shown}}


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

    async with _opened(ctx) as (world, _):
        return await publish(world, find_folder(run))


async def _find(ctx: typer.Context, run: str) -> "tuple[Copy, Platform]":
    from infctl.engine.copies import find_copy

    async with _opened(ctx) as (world, platform):
        return await find_copy(world, run), platform


async def _read(ctx: typer.Context, run: str) -> "Heard":
    from infctl.executor.pulse import hear

    async with _opened(ctx) as (world, _):
        return await hear(world, run)


async def _list(ctx: typer.Context) -> "Listing":
    from infctl.executor.pulse import hear_all

    async with _opened(ctx) as (world, _):
        return await hear_all(world)


@contextlib.asynccontextmanager
async def _opened(ctx: typer.Context) -> "AsyncIterator[tuple[World, Platform]]":
    context = context_of(ctx)
    platform = context.load_platform()
    world = context.open_world(platform)
    try:
        yield world, platform
    finally:
        await world.close()
