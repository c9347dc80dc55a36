"""infctl runs abandon: closes a run, once it is known that nobody carries it on elsewhere."""

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from infctl.commands.context import context_of
from infctl.commands.options import bare_id
from infctl.commands.output import Output, OutputOption, note, show
from infctl.commands.runs_remote import is_local, opened, tell_clusters
from infctl.errors import InfctlError, Refused, Unmeasured, UsageError

if TYPE_CHECKING:
    from infctl.executor.claims import Claim
    from infctl.model.run import RunView

CLUSTERS = "clusters"
"""What somebody names who closes a run without the clusters' word on who carries it on."""


def abandon_run(
    ctx: typer.Context,
    run: Annotated[
        str, typer.Argument(help="A run's id, its beginning, or latest.", callback=bare_id)
    ] = "latest",
    reason: Annotated[str, typer.Option(help="Why; kept in the journal.")] = "",
    without: Annotated[
        str,
        typer.Option(
            metavar=CLUSTERS, help="Although no cluster says whether somebody carries it on."
        ),
    ] = "",
    output: OutputOption = Output.TABLE,
) -> None:
    """Close a run whose executor and world are gone; what it left behind is yours to clear.

    Refused where another machine carries it on, as its copies and the lock tell.
    """
    from infctl.executor.abandon import abandon
    from infctl.executor.folders import find_folder

    if without not in ("", CLUSTERS):
        raise UsageError(f"--without takes {CLUSTERS}, and nothing else")
    reason = why(reason, "abandon")
    if not is_local(run):
        # Whoever began it may be gone for good.
        _take_copy(ctx, run, bool(without))
    name = find_folder(run).name
    closed = abandon(name, reason, lambda view: _claim(ctx, view, bool(without)))
    note(f"run {name} is closed as failed")
    if closed.aside is not None:
        note(f"what was here of it is kept in {closed.aside}")
    if closed.is_kept:
        tell_clusters(ctx, name)
    if output not in (Output.TABLE, Output.WIDE):
        item = {"name": name, "decision": "abandon", "step": "", "reason": reason}
        show("Decision", [{**item, "state": "failed"}], [], output=output)


def why(reason: str, verb: str) -> str:
    """The reason given, or asked for where somebody is there to answer."""
    if not reason.strip() and sys.stdin.isatty():
        reason = str(typer.prompt("Reason", err=True))
    if not reason.strip():
        raise UsageError(f"runs {verb} needs --reason")
    return reason


def _take_copy(ctx: typer.Context, run: str, is_enough: bool) -> None:
    """Write another machine's run down here, so that it can be closed."""
    from infctl.executor.remote import take_over
    from infctl.model.run import RunView

    claim = _claim(ctx, RunView(run=run), is_enough)
    if claim is None or claim.copy is None:
        raise UsageError(
            f"neither this machine nor a cluster that answers knows run {run}",
            hint="infctl runs list --clusters",
        )
    claim.refuse(run, "it was not closed")
    if claim.copy.view.over:
        raise Refused(f"run {run} is over", hint=f"infctl runs show {run}")
    take_over(claim.copy, context_of(ctx).load_platform())


def _claim(ctx: typer.Context, view: "RunView", is_enough: bool) -> "Claim | None":
    """What the clusters say; without their word only where somebody said that this is enough."""
    try:
        claim = asyncio.run(_look(ctx, view))
        if not claim.doubt:
            return claim
        problem = claim.doubt
    except InfctlError as error:
        problem = error.what
    if not is_enough:
        raise Unmeasured(
            f"whether another machine carries run {view.run} on is not known: {problem}",
            hint=f"infctl runs abandon {view.run} --reason WHY --without {CLUSTERS}",
            unchanged="it was not closed",
        )
    note(f"closed without the clusters' word: {problem}")
    return None


async def _look(ctx: typer.Context, view: "RunView") -> "Claim":
    from infctl.executor.claims import claim_on
    from infctl.executor.folders import runs_folder

    async with opened(ctx, view.run if is_local(view.run) else "") as (world, _):
        return await claim_on(world, view.run, runs_folder() / view.run, view)
