"""What somebody is told who cannot have the lock: who has it, and how to settle that."""

import math
import time
from collections.abc import Mapping

from infctl.errors import LeaseLost, Refused, Unreachable
from infctl.model.text import clean
from infctl.ports.lock import Holding

_UNCHANGED = "nothing was changed"


def describe(holding: Holding) -> str:
    """A holder in half a sentence: run, person, host, process, since, last step."""
    if math.isinf(holding.duration):
        return f"the lock holds a record that cannot be read ({clean(holding.holder, limit=120)})"
    step = f", last step {clean(holding.step, limit=80)}" if holding.step else ""
    return (
        f"run {clean(holding.run, limit=80)} of {clean(holding.holder, limit=80)}"
        f" on {clean(holding.host, limit=80)} (pid {holding.pid})"
        f" holds the lock since {moment(holding.since)}{step}"
    )


def moment(wall: float) -> str:
    """Wall time for people, in UTC."""
    try:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(wall))
    except (OverflowError, ValueError, OSError):
        return "an unknown time"


def break_command(holding: Holding) -> str:
    """What ends a holding whose holder is gone."""
    return f"infctl locks break --id {clean(holding.id, limit=80)} --reason WHY"


def held(holding: Holding, *, looks_alive: bool) -> Refused:
    """Another holder has it."""
    is_readable = not math.isinf(holding.duration)
    attach = f"infctl runs attach {clean(holding.run, limit=80)}"
    hint = attach if looks_alive and is_readable else break_command(holding)
    return Refused(describe(holding), hint=hint, unchanged=_UNCHANGED)


def contended() -> Refused:
    """Many want it at once and none got it."""
    return Refused(
        "others ask for the lock at the same time, and none has it yet",
        hint="infctl locks list",
        unchanged=_UNCHANGED,
    )


def silent(problems: Mapping[str, str], places: int, needed: int) -> Unreachable:
    """No majority can be had."""
    told = "; ".join(f"{name}: {why}" for name, why in problems.items())
    return Unreachable(
        f"the lock needs {needed} of {places} places, and these do not answer: {told}",
        hint="infctl status; a recovery may go on with --break-glass lock --reason WHY",
        unchanged=_UNCHANGED,
    )


def lost(why: str, run: str) -> LeaseLost:
    """What stops a holder."""
    return LeaseLost(
        f"run {run} no longer holds the lock: {why}",
        hint=f"infctl runs resume {run}",
        unchanged="nothing more was done",
    )
