"""infctl approve."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from infctl.commands.context import context_of
from infctl.commands.options import YesOption, bare_id
from infctl.commands.output import Output, OutputOption, note, show, timestamp
from infctl.commands.planning import confirm_yes
from infctl.errors import UsageError
from infctl.model.text import clean

if TYPE_CHECKING:
    from infctl.engine.ballots import Ballot
    from infctl.ports.world import World

T = TypeVar("T")


def approve(
    ctx: typer.Context,
    run: Annotated[
        str, typer.Argument(help="A run's id, or its beginning.", callback=bare_id)
    ] = "",
    step: Annotated[str, typer.Option("--step", help="The step that asks.")] = "",
    deny: Annotated[bool, typer.Option("--deny", help="Say no, which ends the request.")] = False,
    reason: Annotated[str, typer.Option(help="Why; kept with the decision.")] = "",
    listed: Annotated[
        bool, typer.Option("--list", help="Show what waits; decide nothing.")
    ] = False,
    yes: YesOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Approve the plan of somebody else's run, or deny it.

    The decision is an object in every cluster that holds the request, bound to the plan's digest.
    Whoever asks cannot approve, and a denial needs --reason.

    Examples: infctl approve --list; infctl approve 01K8 --yes; infctl approve 01K8 --deny
    """
    if not run and not listed:
        raise UsageError("which run?", hint="infctl approve --list")
    if deny and not reason.strip():
        raise UsageError("--deny needs --reason")
    if len(reason) > 500:
        raise UsageError("--reason has at most 500 characters")
    context = context_of(ctx)
    platform = context.load_platform()

    def with_world(work: "Callable[[World], Awaitable[T]]") -> T:
        async def inside() -> T:
            world = context.open_world(platform)
            try:
                return await work(world)
            finally:
                await world.close()

        return asyncio.run(inside())

    if listed:
        with_world(lambda world: _list(world, run, output))
        return
    ballot = with_world(lambda world: _find(world, run, step))
    _present(ballot)
    confirm_yes("Deny this plan?" if deny else "Approve this plan?", yes)
    with_world(lambda world: _decide(world, ballot, deny, reason, output))


async def _list(world: "World", run: str, output: Output) -> None:
    from infctl.engine.ballots import find_ballots

    ballots, silent = await find_ballots(world)
    for why in silent.values():
        note(f"not asked: {why}")
    now = time.time()
    columns = [
        ("RUN", "name"),
        ("STEP", "step"),
        ("STATE", "state"),
        ("BY", "by"),
        ("DECIDED", "decided"),
        ("WHAT", "text"),
    ]
    items = [_item(b, now) for b in ballots if b.run.startswith(run)]
    metadata = {"partial": bool(silent)}
    show("ApprovalList", items, columns, output=output, metadata=metadata, prefix="run/")


def _item(ballot: "Ballot", now: float) -> dict[str, object]:
    left = ballot.left(now)
    decided = ", ".join(f"{who}: {what}" for who, what in sorted(ballot.decided.items()))
    return {
        "name": ballot.run,
        "step": ballot.step,
        "state": f"{left:.0f} s left" if left > 0 else "expired",
        "by": ballot.by,
        "text": ballot.text,
        "needed": ballot.needed,
        "digest": ballot.digest,
        "asked": timestamp(ballot.asked),
        "regions": sorted(ballot.regions),
        "decisions": dict(ballot.decided),
        "_display": {"decided": decided},
    }


async def _find(world: "World", run: str, step: str) -> "Ballot":
    from infctl.engine.ballots import choose, find_ballots

    ballots, silent = await find_ballots(world)
    for why in silent.values():
        note(f"not asked: {why}")
    return choose(ballots, run, step, time.time())


def _present(ballot: "Ballot") -> None:
    """What is approved: the plan itself, whose digest was computed anew."""
    from infctl.model.proposal import plan_lines

    note(f"{clean(ballot.by)} asks, in run {clean(ballot.run)}: {clean(ballot.text)}")
    note(f"needed: {ballot.needed}; in {', '.join(sorted(ballot.regions))}")
    if ballot.plan is not None:
        for line in plan_lines(ballot.plan, ()):
            note(line)


async def _decide(
    world: "World", ballot: "Ballot", deny: bool, reason: str, output: Output
) -> None:
    from infctl.engine.ballots import decide

    written = await decide(world, ballot, is_deny=deny, reason=reason)
    for why in written.silent.values():
        note(f"not written: {why}")
    item = {
        "name": ballot.run,
        "step": ballot.step,
        "decision": "deny" if deny else "approve",
        "by": ", ".join(sorted(set(written.found.values()))),
        "digest": ballot.digest,
        "regions": sorted(written.found),
        "_display": {"regions": ", ".join(sorted(written.found))},
    }
    columns = [("RUN", "name"), ("STEP", "step"), ("DECISION", "decision"), ("BY", "by")]
    columns.append(("REGIONS", "regions"))
    metadata = {"partial": bool(written.silent)}
    show("Approval", [item], columns, output=output, metadata=metadata, prefix="run/")
