"""freeze: nobody has stopped all changes."""

from infctl.content.facts import Facts
from infctl.model.outcome import Outcome, Word
from infctl.model.plan import Plan


def freeze(plan: Plan, facts: Facts) -> Outcome:
    """Nobody has stopped all changes. `infctl freeze --lift` is the way on, no override."""
    del plan
    if facts.frozen:
        return Outcome(Word.FAILED, (facts.frozen,))
    return Outcome(Word.PASSED, ("nothing is frozen",))
