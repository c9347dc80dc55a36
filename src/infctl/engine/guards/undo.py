"""undo_exists: every change can be taken back."""

from infctl.content.facts import Facts
from infctl.engine.operations import find
from infctl.model.outcome import Outcome, Word
from infctl.model.plan import Plan


def undo_exists(plan: Plan, facts: Facts) -> Outcome:
    """Every change can be taken back."""
    del facts
    for step in plan.steps:
        handler = find(step.operation.kind, step.operation.version)
        reverses = handler.reverses(step.operation.args)
        if handler.changes and not (reverses or handler.heals or handler.renews):
            return Outcome(Word.FAILED, (f"{step.id} cannot be taken back",))
    return Outcome(Word.PASSED, ("every change can be taken back",))
