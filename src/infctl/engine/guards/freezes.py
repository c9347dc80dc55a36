"""freeze: nobody has stopped all changes."""

from infctl.content.facts import Facts
from infctl.model.outcome import Outcome, Word
from infctl.model.plan import Plan


def freeze(plan: Plan, facts: Facts) -> Outcome:
    """Nobody has stopped all changes. `infctl freeze --lift` is the way on, no override.

    Where no cluster says whether somebody has, a reason may stand in for their word.
    """
    del plan
    if facts.frozen:
        return Outcome(Word.FAILED, (facts.frozen,))
    if facts.freezes_unread:
        unread = "no cluster says whether changes are frozen; this machine knows of no freeze"
        return Outcome(Word.INCONCLUSIVE, (unread,))
    return Outcome(Word.PASSED, ("nothing is frozen",))
