"""From facts to a plan that may run: shown, guarded, confirmed. Shared by the verbs that change."""

import asyncio
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from infctl.commands.context import Context
from infctl.commands.output import Output, note, show, write
from infctl.errors import Exit, Refused, UsageError
from infctl.model.names import nearest
from infctl.model.plan import GuardResult, Plan
from infctl.model.proposal import Proposal, plan_lines
from infctl.model.text import clean

if TYPE_CHECKING:
    from infctl.content.facts import Facts
    from infctl.platform import Platform


def choose_region(platform: "Platform", name: str) -> str:
    """The region of that name; UsageError, with the nearest, if there is none."""
    if name in platform.region_names:
        return name
    close = nearest(name, platform.region_names)
    raise UsageError(
        f"there is no region {clean(name, limit=80)}",
        hint=f"did you mean {close}?" if close else f"one of: {', '.join(platform.region_names)}",
    )


def prepare(
    context: Context,
    platform: "Platform",
    make: "Callable[[Facts], Plan]",
    *,
    patience: float = 0.0,
) -> Proposal:
    """Read the facts, make the plan, ask the guards. Changes nothing.

    For `patience` seconds facts that could not be read yet are asked for again: a platform that was
    just brought up has no metrics for a few seconds.
    """
    return asyncio.run(_prepare(context, platform, make, patience))


async def _prepare(
    context: Context, platform: "Platform", make: "Callable[[Facts], Plan]", patience: float
) -> Proposal:
    from infctl.executor.proposing import propose

    world = context.open_world(platform)
    try:
        return await propose(world, platform, make, patience=patience, tell=note)
    finally:
        await world.close()


def show_plan(
    prepared: Proposal, output: Output, overridden: frozenset[str] = frozenset(), reason: str = ""
) -> None:
    """The plan on stdout, as --dry-run prints it, with the guards that a reason overrides."""
    why = {g.guard: reason for g in prepared.guards if _is_overridden(g, overridden)}
    if output in (Output.TABLE, Output.WIDE):
        write("\n".join(plan_lines(prepared.plan, prepared.guards, why)) + "\n")
        return
    item = {
        "name": prepared.plan.name,
        "digest": prepared.plan.digest,
        "plan": prepared.plan.to_json(),
        "guards": [
            {
                "guard": g.guard,
                "outcome": g.outcome.word.value,
                "evidence": list(g.outcome.evidence),
                "overridden": why.get(g.guard),
            }
            for g in prepared.guards
        ],
    }
    show("Plan", [item], (), output=output, prefix="plan/")


def _is_overridden(result: GuardResult, overridden: frozenset[str]) -> bool:
    return not _is_refused((result,), overridden) and _is_refused((result,), frozenset())


def _is_refused(results: tuple[GuardResult, ...], overridden: frozenset[str]) -> bool:
    from infctl.engine.guards import refuse

    try:
        refuse(results, overridden)
    except Refused:
        return True
    return False


def stop_refused(prepared: Proposal, overridden: frozenset[str] = frozenset()) -> None:
    """Raise Refused where a guard stands in the way."""
    from infctl.engine.guards import refuse

    refuse(prepared.guards, overridden)


def dry_run_code(prepared: Proposal, overridden: frozenset[str] = frozenset()) -> int:
    """How --dry-run leaves: refused where the real thing would be."""
    return int(Exit.REFUSED if _is_refused(prepared.guards, overridden) else Exit.DONE)


def reason_for(line: str, reason: str, confirm: str | None) -> str:
    """Why a severe action is wanted: by --reason, or typed on the terminal.

    `line` is the command without its target's confirmation, as it is typed. Where that is missing
    as well, nothing was confirmed (5), else the line is not whole (2).
    """
    if not reason.strip() and is_attended():
        note("Why? It is kept in the run.")
        reason = _ask("reason> ")
    if reason.strip():
        return reason
    if confirm is None and not is_attended():
        raise _unconfirmed(line, line.split()[-1])
    raise UsageError(
        f"{line} needs --reason", hint=f"infctl {line} --confirm={line.split()[-1]} --reason WHY"
    )


def confirm_target(
    target: str, given: str | None, verb: str, prepared: Proposal | None = None
) -> None:
    """A severe action: its target's name, by --confirm or typed on the terminal.

    There what would be done is shown first.
    """
    line = verb if verb.split()[-1] == target else f"{verb} {target}"
    if given is not None:
        if given == target:
            return
        raise Refused(f"--confirm={clean(given)} is not {target}", unchanged="nothing was changed")
    if not is_attended():
        raise _unconfirmed(line, target)
    _present(prepared)
    note(f"Type {target} to go on, anything else to leave.")
    if _ask("> ") != target:
        raise Refused("not confirmed", unchanged="nothing was changed")


def _unconfirmed(line: str, target: str) -> Refused:
    return Refused(
        f"{line} was not confirmed",
        hint=f"infctl {line} --confirm={target} --reason WHY",
        unchanged="nothing was changed",
    )


def confirm_yes(question: str, yes: bool, prepared: Proposal | None = None) -> None:
    """A moderate action: --yes, or y on the terminal, where what would be done is shown first."""
    if yes:
        return
    if not is_attended():
        raise Refused("not confirmed", hint="add --yes", unchanged="nothing was changed")
    _present(prepared)
    if _ask(f"{clean(question)} [y/N] ").lower() not in ("y", "yes"):
        raise Refused("not confirmed", unchanged="nothing was changed")


def is_attended() -> bool:
    """Whether somebody is there to answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _present(prepared: Proposal | None) -> None:
    """Nobody answers for what they were not shown."""
    for line in () if prepared is None else plan_lines(prepared.plan, prepared.guards):
        note(line)


def _ask(prompt: str) -> str:
    import termios

    # What was typed before the question was drawn is no answer to it.
    termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
    sys.stderr.write(prompt)
    sys.stderr.flush()
    return sys.stdin.readline().strip()


def tell_detached(run: str, plan: Plan, output: Output) -> int:
    """The run that was begun and goes on by itself."""
    from infctl.commands.run_result import item_of
    from infctl.model.run import RunView

    note(f"the run goes on by itself: infctl runs attach {run}")
    if output in (Output.TABLE, Output.WIDE):
        write(f"{run}\n")
    else:
        view = RunView(run=run, plan=plan, plan_digest=plan.digest)
        show("Run", [item_of(view)], (), output=output, prefix="run/")
    return int(Exit.DONE)


def start(context: Context, plan: Plan, platform: "Platform", **options: Any) -> str:
    """Hand the plan to an executor of its own and return the run's id."""
    from infctl.executor.launch import launch

    return launch(
        plan,
        platform=context.platform_path,
        environment=platform.environment,
        overlay=platform.overlay,
        **options,
    )
