"""conflicting_run: no other run of this environment is unfinished."""

from infctl.content.facts import Facts
from infctl.model.outcome import Outcome, Word
from infctl.model.plan import Plan


def conflicting_run(plan: Plan, facts: Facts) -> Outcome:
    """No other run of this environment is unfinished."""
    del plan
    if facts.unfinished:
        return Outcome(Word.FAILED, tuple(facts.unfinished.values()))
    if facts.runs_unread:
        unread = f"what others run was not read: {facts.runs_unread}; this machine knows of no run"
        return Outcome(Word.INCONCLUSIVE, (unread,))
    return Outcome(Word.PASSED, ("no other run is unfinished",))
