"""permissions: the API servers let us do what the plan's steps will do."""

from collections.abc import Iterator

from infctl.content.facts import Facts
from infctl.engine.guards.leaving import leaving
from infctl.engine.handler import Permission
from infctl.engine.operations import find
from infctl.model.outcome import Outcome, Word
from infctl.model.plan import Plan


def permissions(plan: Plan, facts: Facts) -> Outcome:
    """Every right that a step needs was asked for and granted; an error is a no."""
    needed = needed_rights(plan)
    if not needed:
        return Outcome(Word.PASSED, ("the plan needs no right of an API server",))
    if facts.rights is None:
        return Outcome(Word.ERRORED, ("the API servers were not asked",))
    answers = {p: facts.rights.get(p, f"{words(p)} was not asked for") for p in needed}
    if missing := tuple(why for why in answers.values() if why):
        return Outcome(Word.FAILED, missing)
    regions = ", ".join(dict.fromkeys(p.region for p in needed))
    return Outcome(Word.PASSED, (f"{len(needed)} rights in {regions}",))


def needed_rights(plan: Plan) -> tuple[Permission, ...]:
    """What the plan's steps need, without a recovery plan's dying regions: nobody waits for them.

    What is not asked here is asked again right before the act.
    """
    dying = set(leaving(plan)) if plan.recovery else set()
    return tuple(dict.fromkeys(p for p in _permissions(plan) if p.region not in dying))


def words(needed: Permission) -> str:
    """A right in words."""
    kind = needed.kind.kind + (f"/{needed.subresource}" if needed.subresource else "")
    return f"{needed.verb} {kind} in {needed.region}"


def _permissions(plan: Plan) -> Iterator[Permission]:
    for step in plan.steps:
        operation = step.operation
        yield from find(operation.kind, operation.version).permissions(operation.args)
