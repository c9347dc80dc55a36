"""Runs that this machine does not know: read from their copies in the clusters."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from infctl.commands.context import context_of
from infctl.commands.output import note
from infctl.commands.step_lines import StepLines
from infctl.errors import (
    ConfigurationError,
    DeadlinePassed,
    InfctlError,
    Refused,
)
from infctl.model.run import PAUSED, RunState
from infctl.model.text import clean

if TYPE_CHECKING:
    from infctl.engine.copies import Copy
    from infctl.executor.pulse import Heard, Listing
    from infctl.model.journal import Record
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


def refuse_elsewhere(ctx: typer.Context, run: str, verb: str) -> None:
    """Refused for a run that only another machine has: says where its executor is.

    UsageError where no cluster knows it either.
    """
    if is_local(run):
        return
    try:
        heard = asyncio.run(_read(ctx, run))
    except ConfigurationError:
        # Without an environment there is nowhere to look: it is not on this machine.
        return
    if heard.view.over:
        raise Refused(f"run {run} is over", hint=f"infctl runs show {run}")
    raise Refused(
        f"run {run} is of another machine, and only there can one {verb} it: {_whereabouts(heard)}",
        hint=f"infctl runs attach {run}; infctl runs resume {run} takes it over, undo takes it back"
        ", once its lease has run out",
        unchanged="nothing was asked",
    )


def _whereabouts(heard: "Heard") -> str:
    """Who has the run and where, as the lock tells it, else as the run's own records do."""
    pulse, view = heard.pulse, heard.view
    if pulse is not None and pulse.holder:
        return pulse.holder
    holder = view.holder if isinstance(view.holder, dict) else {}
    host, pid = (clean(str(holder.get(key, "?")), limit=80) for key in ("host", "pid"))
    why = "" if pulse is None or not pulse.why else f"; {pulse.why}"
    return f"its executor was on {host} (pid {pid}), begun by {clean(view.actor, limit=80)}{why}"


def copied_records(ctx: typer.Context, run: str) -> "tuple[Record, ...]":
    """The records of another machine's run, as the clusters keep them."""
    note(f"run {run} is of another machine: these are the records of its copy in the clusters")
    return asyncio.run(find(ctx, run))[1].records


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

    async with opened(ctx, run) as (world, _):
        return await publish(world, find_folder(run))


async def find(ctx: typer.Context, run: str) -> "tuple[Heard, Copy, Platform]":
    """The run by its copies and the lock, with the platform that it would run with here."""
    from infctl.engine.copies import find_copy
    from infctl.executor.pulse import hear

    async with opened(ctx) as (world, platform):
        heard = await hear(world, run)
        return heard, await find_copy(world, run), platform


async def _read(ctx: typer.Context, run: str) -> "Heard":
    from infctl.executor.pulse import hear

    async with opened(ctx) as (world, _):
        return await hear(world, run)


async def _list(ctx: typer.Context) -> "Listing":
    from infctl.executor.pulse import hear_all

    async with opened(ctx) as (world, _):
        return await hear_all(world)


@contextlib.asynccontextmanager
async def opened(ctx: typer.Context, run: str = "") -> "AsyncIterator[tuple[World, Platform]]":
    """The environment's ports: of the one that was named, else that of this machine's `run`."""
    context = context_of(ctx)
    platform = context.load_platform()
    found = _environment(run) if run and context.named_environment is None else None
    if found not in (None, platform.environment):
        context = replace(context, named_environment=found)
        platform = context.load_platform()
    world = context.open_world(platform)
    try:
        yield world, platform
    finally:
        await world.close()


def _environment(run: str) -> str | None:
    """The environment that a run of this machine changes; None where that cannot be read."""
    from infctl.executor.watch import plan_of, read_run

    plan = plan_of(read_run(run))
    return None if plan is None else plan.environment
