"""A run as lines: one for every step that begins or ends. Pure, but for what was shown before."""

from infctl.model.run import RunState, RunView, StepState, StepView

_WORDS = {
    StepState.RUNNING: "started",
    StepState.DONE: "done",
    StepState.FAILED: "FAILED",
    StepState.UNKNOWN: "UNKNOWN",
    StepState.SKIPPED: "skipped",
    StepState.UNDONE: "undone",
}


class StepLines:
    """Remembers what was shown, so that each event is shown once."""

    def __init__(self) -> None:
        self._shown: dict[str, tuple[StepState, int]] = {}
        self._state = RunState.PENDING
        self._notes = 0

    def advance(self, view: RunView) -> list[str]:
        """The lines that are new in `view`."""
        lines = []
        for step in view.steps:
            now = (step.state, step.attempt)
            if step.state is not StepState.WAITING and self._shown.get(step.id) != now:
                self._shown[step.id] = now
                lines.append(_line(view, step))
        lines += [f"note: {note}" for note in view.notes[self._notes :]]
        self._notes = len(view.notes)
        if view.state is not self._state:
            self._state = view.state
            if view.state not in (RunState.RUNNING, RunState.PENDING):
                reason = f": {view.reason}" if view.reason else ""
                lines.append(f"run {view.run} {view.state}{reason}")
        return lines


def _line(view: RunView, step: StepView) -> str:
    at = step.started if step.state is StepState.RUNNING else step.ended
    if step.state is StepState.UNDONE:
        at = view.updated
    offset = max(0.0, (at or view.updated) - view.started)
    word = _WORDS.get(step.state, str(step.state))
    text = _expectation(view, step) if step.state is StepState.RUNNING else _evidence(step)
    took = "" if step.duration is None else f" ({step.duration:.1f} s)"
    return f"+{offset:6.1f} s  {word:<8} {step.id:<14} {text}{took}"


def _expectation(view: RunView, step: StepView) -> str:
    return "" if view.plan is None else view.plan.step(step.id).expectation


def _evidence(step: StepView) -> str:
    return "; ".join(step.evidence)
