"""version_skew: this infctl knows the plan's engine and every operation in it."""

from infctl.content.facts import Facts
from infctl.engine.operations import kinds
from infctl.model.outcome import Outcome, Word
from infctl.model.plan import Plan

ENGINE = 1
"""The engine's number: plans of another one are not run."""


def version_skew(plan: Plan, facts: Facts) -> Outcome:
    """This infctl knows the plan's engine and every operation in it, at its version."""
    del facts
    if plan.engine != ENGINE:
        return Outcome(Word.FAILED, (f"made for engine {plan.engine}; this one is {ENGINE}",))
    known = set(kinds())
    named = ((s.operation.kind, s.operation.version) for s in plan.steps)
    foreign = list(dict.fromkeys(n for n in named if n not in known))
    if foreign:
        words = ", ".join(f"{kind} version {version}" for kind, version in foreign)
        return Outcome(Word.FAILED, (f"this infctl does not know {words}",))
    return Outcome(Word.PASSED, ("every operation is known",))
