"""error_budget: a service that has none left is not risked."""

from infctl.content.facts import Facts
from infctl.engine.guards.leaving import is_restoring
from infctl.model.outcome import Outcome, Word
from infctl.model.plan import Plan


def error_budget(plan: Plan, facts: Facts) -> Outcome:
    """Only plans that recover or give back may run while the error budget is burnt."""
    if plan.recovery or is_restoring(plan):
        return Outcome(Word.PASSED, ("recovers, whatever the budget",))
    if facts.platform.environment_class == "sim":
        return Outcome(Word.PASSED, ("a simulated environment has no clients to protect",))
    target = facts.platform.objectives.availability.target
    if facts.budget is None or facts.budget.value is None:
        why = "it was not asked" if facts.budget is None else facts.budget.reason
        return Outcome(Word.ERRORED, (f"the error budget is not known: {why}",))
    sentence = f"{facts.budget.value:.0%} of the error budget of {target:.3%} is left"
    if facts.budget.value <= 0:
        return Outcome(Word.FAILED, (sentence,))
    if not facts.budget.known:
        return Outcome(Word.ERRORED, (f"{sentence}, as far as is known: {facts.budget.reason}",))
    return Outcome(Word.PASSED, (sentence,))
