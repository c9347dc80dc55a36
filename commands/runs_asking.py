"""What people ask of a run: handed over, waited for, and told back as it came out."""

import asyncio
import contextlib
from typing import TYPE_CHECKING

from infctl.commands.output import Output, note, show
from infctl.errors import Refused, UsageError
from infctl.model.names import nearest
from infctl.model.run import RunState
from infctl.model.text import clean

if TYPE_CHECKING:
    from infctl.model.run import RunView

_ENDS = {"undo": RunState.ROLLED_BACK, "stop": RunState.CANCELLED}
"""How a run ends that was asked so."""
_NOTHING = {"undo": "nothing was taken back", "stop": "nothing was left out"}
_HEARD = 3.0
_ENDING = 10.0
"""Seconds until a decision is in the journal, and until a run that ended meanwhile says so."""
_MANY = 12


def ask(run: str, verb: str, reason: str = "", step: str = "") -> None:
    """Return once the run has acted on it, or its new executor has begun.

    Refused where the run was over before it could.
    """
    from infctl.engine.decisions import Decision, Verb
    from infctl.executor.launch import revive, whoami
    from infctl.executor.watch import read_run

    before = read_run(run)
    try:
        is_new = revive(run, Decision(Verb(verb), by=whoami(), reason=reason, step=step), note)
    except Refused as error:
        view = read_run(run)
        # A drill that was told to end heals by itself meanwhile.
        if not before.over and view.state is _ENDS.get(verb):
            return
        if verb == "undo" and view.over:
            raise Refused(error.what, hint=_way_back(view), unchanged=_NOTHING[verb]) from error
        raise
    if is_new or verb in _ENDS:
        asyncio.run(_wait_heard(run, before.seq, verb))
    if verb in _ENDS:
        _refuse_late(read_run(run), verb)


def check_step(run: str, step: str) -> None:
    """UsageError where the run has no step of that name."""
    from infctl.executor.watch import read_run

    plan = read_run(run).plan if step else None
    if plan is None or step in plan.positions:
        return
    close = nearest(step[:80], plan.positions)
    shown = ", ".join(known.id for known in plan.steps[:_MANY])
    raise UsageError(
        f"run {run} has no step {clean(step, limit=80)}",
        hint=f"did you mean {close}?" if close else f"one of: {shown}",
    )


def show_decision(run: str, verb: str, reason: str, step: str, output: Output) -> None:
    """For programs; people have read it in a note."""
    from infctl.executor.watch import read_run

    if output in (Output.TABLE, Output.WIDE):
        return
    state = str(read_run(run).state)
    item = {"name": run, "decision": verb, "step": step, "reason": reason, "state": state}
    show("Decision", [item], [], output=output)


async def _wait_heard(run: str, before: int, verb: str) -> None:
    """Wait until the journal tells it: who looks at once sees what was decided.

    A few seconds at most: a decision that changes nothing is not written down.
    """
    from infctl.executor.watch import follow

    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_ENDING if verb in _ENDS else _HEARD):
            async for view in follow(run):
                if view.over or view.course == verb or (view.seq > before and verb not in _ENDS):
                    return


def _refuse_late(view: "RunView", verb: str) -> None:
    """Refused where the run ended by itself, and nothing was taken back or left out."""
    if not view.over or view.course == verb or view.state is _ENDS[verb]:
        return
    raise Refused(
        f"run {view.run} had ended as {view.state} before it heard that",
        hint=_way_back(view),
        unchanged=_NOTHING[verb],
    )


def _way_back(view: "RunView") -> str:
    """The verb that takes back what a run of that kind left; else where to look."""
    plan = view.plan
    region = "" if plan is None else plan.parameters.get("region", "")
    if plan is not None and plan.name == "failover" and region:
        return f"infctl restore {region}"
    return f"infctl runs show {view.run}"
