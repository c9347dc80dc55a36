"""What came out of a run, as JSON and as lines for people. Pure."""

import shlex
from typing import Any

from infctl.commands.output import timestamp
from infctl.errors import Exit
from infctl.model.run import PAUSED, RunState, RunView, StepState
from infctl.model.text import clean

_EXPLAINED = frozenset({"skip", "ungraceful", "abandon"})
"""The verbs that need a reason."""


def code_of(view: RunView) -> int:
    """The exit code that the run's state stands for."""
    if view.over and view.result is not None:
        return int(view.result["exit"])
    if view.state in PAUSED:
        return int(Exit.PAUSED)
    if view.state is RunState.IN_DOUBT:
        return int(Exit.UNDECIDED)
    return int(Exit.DONE)


def item_of(view: RunView) -> dict[str, Any]:
    """The run as JSON: its plan's parameters, its steps, its result."""
    plan = view.plan
    return {
        "name": view.run,
        "plan": "" if plan is None else plan.name,
        "summary": "" if plan is None else plan.summary,
        "environment": "" if plan is None else plan.environment,
        "digest": view.plan_digest,
        "parameters": {} if plan is None else dict(plan.parameters),
        "state": str(view.state),
        "reason": view.reason,
        "notes": list(view.notes),
        "fence": view.fence,
        "actor": view.actor,
        "started": _moment(view.started),
        "ended": _moment(view.ended),
        "steps": [
            {
                "id": s.id,
                "state": str(s.state),
                "started": _moment(s.started),
                "ended": _moment(s.ended),
                "duration_s": s.duration,
                "attempt": s.attempt,
                "evidence": list(s.evidence),
            }
            for s in view.steps
        ],
        "result": view.result,
    }


def _moment(at: float | None) -> str | None:
    return timestamp(at) if at else None


def result_lines(view: RunView, first: tuple[str, ...] = ()) -> list[str]:
    """The run's end in lines; `first` are commands to type before those that its state asks for."""
    summary = view.plan.summary if view.plan is not None else "run"
    lines = [
        f"{clean(summary)}: {view.state}" + (f" ({clean(view.reason)})" if view.reason else "")
    ]
    if view.result:
        lines += [clean(str(line)) for line in view.result.get("summary", ())]
        if view.result.get("report"):
            lines.append(f"report: {clean(str(view.result['report']))}")
    lines.append(f"run: {view.run}")
    return [*lines, *(f"next: {command}" for command in first), *_next(view)]


def _next(view: RunView) -> list[str]:
    if view.state is RunState.WAITING_FOR_APPROVAL:
        return [f"next: infctl {words}" for words in _answers(view)]
    if view.state in PAUSED:
        verbs = (
            ("resume",)
            if view.state is RunState.PAUSED_BY_OPERATOR
            else ("retry", "skip", "ungraceful")
        )
        lines = [_verb_line(verb, view.run) for verb in (*verbs, "undo", "stop")]
        is_frozen = "frozen by" in view.reason
        return ["next: infctl freeze --lift, else nothing goes on", *lines] if is_frozen else lines
    if view.state is RunState.IN_DOUBT:
        return [_verb_line(verb, view.run) for verb in ("resume", "undo")]
    return []


def _answers(view: RunView) -> list[str]:
    """What may be typed about the steps that wait for people, each answer on its own."""
    steps = () if view.plan is None else zip(view.plan.steps, view.steps, strict=False)
    waiting = [step for step, seen in steps if seen.state is StepState.RUNNING]
    asking = [step for step in waiting if step.operation.kind == "ask"]
    is_approval = any(step.operation.kind == "approve" for step in waiting)
    found = [f"approve {view.run}"] if is_approval else []
    for step in asking:
        named = f" --step {_word(step.id)}" if len(asking) > 1 else ""
        offered = step.operation.args.get("answers")
        words = offered if isinstance(offered, (list, tuple)) else ("ANSWER",)
        found += [f"runs answer {view.run} {_word(word)}{named}" for word in words]
    return found


def _word(value: object) -> str:
    """As one word of a command line."""
    return shlex.quote(clean(str(value), limit=80))


def _verb_line(verb: str, run: str) -> str:
    needed = " --reason WHY" if verb in _EXPLAINED else ""
    return f"next: infctl runs {verb} {run}{needed}"
