"""Runs that this machine has not, or not whole: taken over from their copies in the clusters."""

import asyncio
import contextlib
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from infctl.commands.output import note
from infctl.commands.runs_remote import find, is_local, opened
from infctl.errors import JournalError, Refused, Unreachable

if TYPE_CHECKING:
    from pathlib import Path


@contextlib.contextmanager
def reached(ctx: typer.Context, run: str) -> "Iterator[None]":
    """While the block runs this machine has the run, whole: from its copies where it has not.

    Where nobody could carry it on from here, nothing is left of it.
    """
    if is_local(run):
        _set_aside(ctx, run)
        yield
        return
    count = _bring(ctx, run)
    try:
        yield
    except Unreachable:
        _let_go(run, count)
        raise


def _let_go(run: str, count: int) -> None:
    """A copy that was never carried on would hide what its own executor writes."""
    from infctl.engine.journal import read_journal
    from infctl.executor.folders import find_folder, run_lock
    from infctl.executor.living import identity

    folder = find_folder(run)
    lock = run_lock(folder)
    if not lock.acquire(identity()):
        return
    try:
        if len(read_journal(folder)) == count:
            shutil.rmtree(folder, ignore_errors=True)
            note(f"run {run} stays where it is: nothing of it is kept here")
    finally:
        lock.release()


def _bring(ctx: typer.Context, run: str) -> int:
    """Take a run over from its copies: how many records they have."""
    from infctl.executor.remote import take_over

    heard, copy, platform = asyncio.run(find(ctx, run))
    if copy.view.over:
        raise Refused(f"run {run} is over", hint=f"infctl runs show {run}")
    note(f"run {run} was begun by {copy.view.actor}: {copy.order.plan.summary}")
    note(f"plan {copy.order.plan.digest[:12]}, {len(copy.records)} records from the clusters")
    if heard.pulse is not None and heard.pulse.holder:
        note(f"its executor lives, or did a moment ago: {heard.pulse.holder}")
    note("it begins once the lease of its former executor has run out: within 20 s")
    take_over(copy, platform)
    return len(copy.records)


def _set_aside(ctx: typer.Context, run: str) -> None:
    """Where a run's files here do not verify, set them aside for the copy that clusters keep.

    Nothing where they verify, or an executor has the run. Raises JournalError where no copy has
    everything, Refused where another machine carries the run on.
    """
    from infctl.engine.journal import is_over
    from infctl.executor.damage import damage_of
    from infctl.executor.folders import find_folder, run_lock
    from infctl.executor.living import identity
    from infctl.executor.own_files import check_run

    folder = find_folder(run)
    if is_over(folder) or run_lock(folder).holder() or not damage_of(folder):
        return
    # What somebody planted is no damage: it is looked at, and not moved.
    check_run(folder)
    lock = run_lock(folder)
    if not lock.acquire(identity()):
        return
    try:
        # Now nobody writes: what an executor had just begun to write would not verify either.
        if not (damage := damage_of(folder)):
            return
        note(f"run {folder.name} cannot be carried on from its files here: {damage}")
        aside = asyncio.run(_mend(ctx, folder, damage))
    finally:
        lock.release()
    note(f"they are kept in {aside}; the run goes on from its copy in the clusters")


async def _mend(ctx: typer.Context, folder: "Path", damage: str) -> "Path":
    from infctl.executor.aside import carry_on_from
    from infctl.executor.claims import claim_on

    async with opened(ctx, folder.name) as (world, platform):
        claim = await claim_on(world, folder.name, folder)
        claim.refuse(folder.name, "nothing was touched")
        if claim.copy is None:
            raise JournalError(
                f"no cluster keeps a copy of run {folder.name}, and here {damage}",
                hint=f"infctl runs abandon {folder.name} --reason WHY",
                unchanged="nothing was touched",
            )
        return await asyncio.to_thread(carry_on_from, claim.copy, folder, platform, damage)
