"""How long a journal may grow: warned early, stopped before it is slow, never at the worst moment.

Who must heal or take back still may: those steps are never refused.
"""

from infctl.model.run import RunView

WARN_AT = 10_240
STOP_AT = 51_200


def refusal(view: RunView, step: str | None) -> str:
    """Why a step is not begun, or an empty text: the journal is full, and it need not run."""
    if view.seq < STOP_AT or view.plan is None:
        return ""
    if any(s.always for s in view.plan.steps if s.id == step):
        return ""
    return f"the journal holds {view.seq} records, and no further step starts at {STOP_AT}"


def is_warned_at(seq: int) -> bool:
    """Whether the record before said that the journal grows long."""
    return seq == WARN_AT
