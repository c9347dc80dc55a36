"""From facts to a plan that may run: shown, guarded, confirmed. Shared by the verbs that change."""

import asyncio
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from infctl.commands.context import Context
from infctl.commands.output import Output, note, show, write
from infctl.errors import Exit, Refused, UsageError
from infctl.model.names import nearest
from infctl.model.plan import Plan
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


def show_plan(prepared: Proposal, output: Output) -> None:
    """The plan on stdout, as --dry-run prints it."""
    if output in (Output.TABLE, Output.WIDE):
        write("\n".join(plan_lines(prepared.plan, prepared.guards)) + "\n")
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
            }
            for g in prepared.guards
        ],
    }
    show("Plan", [item], (), output=output, prefix="plan/")


def stop_refused(prepared: Proposal, overridden: frozenset[str] = frozenset()) -> None:
    """Raise Refused where a guard stands in the way."""
    from infctl.engine.guards import refuse

    refuse(prepared.guards, overridden)


def dry_run_code(prepared: Proposal) -> int:
    """How --dry-run leaves: refused where the real thing would be."""
    return int(Exit.REFUSED if prepared.is_refused else Exit.DONE)


def confirm_target(target: str, given: str | None, verb: str) -> None:
    """A severe action: its target's name, by --confirm or typed on the terminal."""
    if given is not None:
        if given == target:
            return
        raise Refused(f"--confirm={clean(given)} is not {target}", unchanged="nothing was changed")
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Refused(
            f"{verb} {target} was not confirmed",
            hint=f"infctl {verb} {target} --confirm={target}",
            unchanged="nothing was changed",
        )
    note(f"Type {target} to {verb}, anything else to leave.")
    if _ask("> ") != target:
        raise Refused("not confirmed", unchanged="nothing was changed")


def confirm_yes(question: str, yes: bool) -> None:
    """A moderate action: --yes, or y on the terminal."""
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Refused("not confirmed", hint="add --yes", unchanged="nothing was changed")
    if _ask(f"{clean(question)} [y/N] ").lower() not in ("y", "yes"):
        raise Refused("not confirmed", unchanged="nothing was changed")


def _ask(prompt: str) -> str:
    import termios

    # What was typed before the question was drawn is no answer to it.
    termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
    sys.stderr.write(prompt)
    sys.stderr.flush()
    return sys.stdin.readline().strip()


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
