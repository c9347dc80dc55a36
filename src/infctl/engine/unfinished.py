"""What is said of an unfinished run to whoever may not begin: who has it, and how far it is."""

import math

from infctl.engine.locks.refusals import moment
from infctl.model.plan import Plan
from infctl.model.run import PAUSED, RunState, RunView, StepState, StepView
from infctl.model.text import clean

_OPEN = (StepState.WAITING, StepState.RUNNING)


def describe_run(view: RunView, *, run: str, elsewhere: bool, hint: str = "") -> str:
    """Run, person, host, process, since when, last step, how far, and the command to look at it.

    `elsewhere`: it is told by its copy in the clusters, which another machine wrote. `hint` are
    other commands in place of that one.
    """
    plan = view.plan
    summary = "a run without a plan" if plan is None else clean(plan.summary, limit=120)
    copied = " by its copy" if elsewhere else ""
    begun = f", begun {moment(view.started)}" if view.started else ""
    listed = ", or infctl runs list --clusters" if elsewhere else ""
    way = hint or f"infctl runs attach {run}{listed}"
    return (
        f"run {run} ({summary}){_whose(view, elsewhere)} is {view.state}{copied}{begun}"
        f"{_how_far(view)}{_left(view)}: {way}"
    )


def _whose(view: RunView, elsewhere: bool) -> str:
    holder = view.holder if isinstance(view.holder, dict) else {}
    person = f" of {clean(view.actor, limit=80)}" if view.actor else ""
    host = clean(str(holder.get("host", "another machine" if elsewhere else "")), limit=80)
    pid = holder.get("pid")
    process = f" (pid {pid})" if isinstance(pid, int) else ""
    return person + (f" on {host}{process}" if host else "")


def _how_far(view: RunView) -> str:
    begun = [(seen.started, at) for at, seen in enumerate(view.steps, 1) if seen.started]
    if not view.steps:
        return ""
    if not begun:
        return f", none of its {len(view.steps)} steps begun"
    at = max(begun)[1]
    return f", last step {clean(view.steps[at - 1].id, limit=80)} ({at} of {len(view.steps)})"


def _left(view: RunView) -> str:
    """The longest that its steps may still take; nothing where it waits for people."""
    is_going = view.state in (RunState.PENDING, RunState.RUNNING) and view.course == "forward"
    if view.plan is None or not is_going or view.state in PAUSED:
        return ""
    seconds = longest(view.plan, {seen.id: seen for seen in view.steps})
    return f", at most {seconds:.0f} s more by its plan" if math.isfinite(seconds) else ""


def longest(plan: Plan, seen: dict[str, StepView]) -> float:
    """Seconds of the longest chain of steps that are not over, each with all its time."""
    ends: dict[str, float] = {}
    waiting = list(plan.steps)
    while waiting:
        ready = [step for step in waiting if all(name in ends for name in step.after)]
        if not ready:
            return math.inf
        for step in ready:
            is_open = step.id not in seen or seen[step.id].state in _OPEN
            own = step.timeout * step.max_attempts if is_open else 0.0
            ends[step.id] = own + max((ends[name] for name in step.after), default=0.0)
        waiting = [step for step in waiting if step.id not in ends]
    return max(ends.values(), default=0.0)
