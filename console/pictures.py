"""From a run's journal to what the timeline draws; pure, so that it is tried without a terminal."""

from typing import Any

from infctl.console.feed import RunPicture
from infctl.model.run import RunState, RunView, StepState, StepView
from infctl.model.text import clean


def draw_run(view: RunView, now: float) -> RunPicture:
    """The picture of a run at `now`, in seconds since the epoch."""
    end = view.ended if view.ended is not None else now
    result = view.result or {}
    return RunPicture(
        run=view.run,
        name=view.plan.summary if view.plan is not None else "",
        state=str(view.state),
        steps=tuple(_step(view, step) for step in view.steps),
        elapsed=max(0.0, end - view.started) if view.started else 0.0,
        clock=recovery_clock(view, now),
        summary=(
            *((clean(f"why: {view.reason}"),) if view.reason else ()),
            *(_WAYS_ON if view.state is RunState.WAITING_FOR_APPROVAL else ()),
            *(clean(str(line)) for line in result.get("summary", ())),
        ),
        ended=view.over,
        verbs=verbs_of(view),
    )


_WAYS_ON = ("next: infctl approve, or infctl runs answer",)
_FAILED = ("retry", "skip", "ungraceful", "undo", "stop")
_VERBS = {
    RunState.RUNNING: ("pause", "undo", "stop"),
    RunState.PAUSED_BY_OPERATOR: ("resume", "undo", "stop"),
    RunState.PAUSED_BY_FAILED_STEP: _FAILED,
    RunState.PAUSED_BY_CONFLICT: _FAILED,
    RunState.WAITING_FOR_APPROVAL: ("undo", "stop"),
    RunState.IN_DOUBT: ("resume", "undo"),
}


def verbs_of(view: RunView) -> tuple[str, ...]:
    """The decisions that a run takes in its state; none where it goes back or is over."""
    if view.state is RunState.RUNNING and view.course != "forward":
        return ()
    return _VERBS.get(view.state, ())


def recovery_clock(view: RunView, now: float) -> str:
    """A drill's recovery time: measured where it is over, else the seconds since its fault.

    Empty where there is no fault yet, or nothing was measured in the end. The step that sees the
    recovery waits until it has settled, so its end is a bound and no measurement.
    """
    if view.over:
        return _measured(view)
    parameters: Any = view.plan.parameters if view.plan is not None else {}
    fault = _find(view, str(parameters.get("fault_step", "")))
    if fault is None or not isinstance(fault.result, dict) or "at" not in fault.result:
        return ""
    recovered = _find(view, "recovered")
    began = float(fault.result["at"])
    if recovered is not None and recovered.state is StepState.DONE and recovered.ended is not None:
        return f"at most {max(0.0, recovered.ended - began):.1f} s"
    return f"{max(0.0, now - began):.1f} s and counting"


def _measured(view: RunView) -> str:
    recovery = (view.result or {}).get("recovery") or {}
    rto = recovery.get("rto")
    return "" if rto is None else f"{float(rto):.1f} s"


def _find(view: RunView, step_id: str) -> StepView | None:
    return next((step for step in view.steps if step.id == step_id), None)


def _step(view: RunView, step: StepView) -> tuple[str, str, str, float | None, float | None]:
    sentence = view.plan.step(step.id).expectation if view.plan is not None else ""
    start = None if step.started is None else max(0.0, step.started - view.started)
    return step.id, sentence or step.id, str(step.state), start, step.duration
