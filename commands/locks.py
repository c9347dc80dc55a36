"""infctl locks: who holds an environment, and breaking what a dead holder left."""

import asyncio
import math
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from infctl.commands import planning
from infctl.commands.context import Context, context_of
from infctl.commands.output import Output, OutputOption, note, show, timestamp
from infctl.errors import Exit, UsageError

if TYPE_CHECKING:
    from infctl.engine.locks import Broken
    from infctl.engine.locks.asking import Answer
    from infctl.ports.lock import Holding

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Who may change an environment now."
)
_COLUMNS = [
    ("PLACE", "name"),
    ("STATE", "state"),
    ("RUN", "run"),
    ("HOLDER", "holder"),
    ("FENCE", "fence"),
    ("RENEWED", "renewed"),
    ("ID", "id"),
]
_WIDE = [("HOST", "host"), ("PID", "pid"), ("SINCE", "since"), ("STEP", "step")]
_RETRY = 2.0
"""Seconds between renewals: how a record's age is told from its count."""


@app.command("list")
def list_locks(ctx: typer.Context, output: OutputOption = Output.TABLE) -> None:
    """What every place of the lock holds. A majority of them makes a holder.

    Exit 6 where a place does not answer.
    """
    answers = asyncio.run(_places(context_of(ctx)))
    items = [_row(answer) for answer in answers]
    is_partial = any(answer.seen is None for answer in answers)
    metadata = {"partial": is_partial, "needed": len(answers) // 2 + 1}
    show(
        "LockList",
        items,
        _COLUMNS,
        output=output,
        metadata=metadata,
        wide=_WIDE,
        below=("run", "holder"),
        prefix="place/",
    )
    for answer in answers:
        if answer.seen is None:
            note(f"{answer.site.name}: {answer.problem}")
    raise typer.Exit(int(Exit.UNDECIDED if is_partial else Exit.DONE))


@app.command("break")
def break_lock(
    ctx: typer.Context,
    lock_id: Annotated[str, typer.Option("--id", help="The id that `locks list` shows.")] = "",
    reason: Annotated[str, typer.Option(help="Why; kept in the lock.")] = "",
    confirm: Annotated[
        str | None, typer.Option("--confirm", metavar="ID", help="The id, once more.")
    ] = None,
) -> None:
    """Free a lock whose holder is gone. One that lives stops at its next renewal, within 2 s.

    Example: infctl locks break --id 0123456789abcdef --reason "laptop lost"
    """
    if not lock_id.strip() or not reason.strip():
        raise UsageError("breaking a lock needs --id and --reason", hint="infctl locks list")
    planning.confirm_target(lock_id, confirm, "locks break --id")
    broken = asyncio.run(_break(context_of(ctx), lock_id, reason))
    note(f"broken at {', '.join(broken.sites) or 'no place'}")
    for name, problem in broken.unreached.items():
        note(f"{name}: {problem}")
    raise typer.Exit(int(Exit.UNDECIDED if broken.unreached else Exit.DONE))


async def _places(context: Context) -> "list[Answer]":
    from infctl.engine.locks import lock_sites, read_places

    world = context.open_world(context.load_platform())
    try:
        await world.warm()
        return await read_places(lock_sites(world), deadline=2.0)
    finally:
        await world.close()


async def _break(context: Context, lock_id: str, reason: str) -> "Broken":
    from infctl.engine.locks import break_lock as break_it
    from infctl.engine.locks import lock_sites
    from infctl.executor.launch import whoami

    world = context.open_world(context.load_platform())
    try:
        await world.warm()
        by = f"broken by {whoami()}: {reason.strip()}"[:240]
        return await break_it(lock_sites(world), lock_id, deadline=2.0, by=by)
    finally:
        await world.close()


def _row(answer: "Answer") -> dict[str, Any]:
    name = answer.site.name
    if answer.seen is None:
        return {"name": name, "state": "unknown", "reason": answer.problem}
    holding = answer.seen.holding
    if holding is None:
        return {"name": name, "state": "free", "fence": 0}
    if holding.free:
        return {"name": name, "state": "free", "fence": holding.fence, "holder": holding.holder}
    if math.isinf(holding.duration):
        held = {"state": "unreadable", "fence": holding.fence, "holder": holding.holder}
        return {"name": name, "id": holding.id, **held}
    return {"name": name, **_held(holding)}


def _held(holding: "Holding") -> dict[str, Any]:
    """The age is a guess by two machines' wall clocks; who takes over asks its own clock."""
    age = max(0.0, time.time() - holding.since - holding.renewal * _RETRY)
    return {
        "state": "held",
        "id": holding.id,
        "run": holding.run,
        "holder": holding.holder,
        "host": holding.host,
        "pid": holding.pid,
        "fence": holding.fence,
        "since": timestamp(holding.since),
        "renewedSecondsAgo": round(age, 1),
        "step": holding.step,
        "_display": {"renewed": f"{age:.0f} s ago"},
    }
