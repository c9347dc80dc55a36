"""The plan linter: what is wrong with a plan whatever the world is like. Pure.

It runs the guards that judge the plan alone, and asks that traffic which moves is looked at.
"""

from infctl.content.facts import Facts
from infctl.engine.guards import STATIC, evaluate
from infctl.engine.operations import find
from infctl.errors import InfctlError
from infctl.model.outcome import Outcome, Word
from infctl.model.plan import GuardResult, Plan, Step

MOVING = frozenset({"switch_region_off", "switch_region_on", "set_region_weight", "inject_fault"})
"""Operations after which clients may be served elsewhere."""


def lint(plan: Plan, facts: Facts) -> tuple[GuardResult, ...]:
    """Each static guard's judgement, and whether moved traffic is verified."""
    found = tuple(r for r in evaluate(plan, facts) if r.guard in STATIC)
    return (*found, GuardResult("traffic_verified", _closed(plan)))


def _closed(plan: Plan) -> Outcome:
    try:
        return traffic_verified(plan)
    except InfctlError as error:
        return Outcome(Word.ERRORED, (error.what,))


def traffic_verified(plan: Plan) -> Outcome:
    """After each step that moves traffic another one, which changes nothing, reads the effect."""
    moving = [step for step in plan.steps if step.operation.kind in MOVING]
    bare = [step.id for step in moving if not _is_read_back(plan, step)]
    if bare:
        return Outcome(Word.FAILED, (f"nothing looks at traffic after {', '.join(bare)}",))
    return Outcome(Word.PASSED, ("traffic is looked at after it moved",))


def _is_read_back(plan: Plan, step: Step) -> bool:
    later = {step.id}
    for _ in plan.steps:
        later |= {s.id for s in plan.steps if later.intersection(s.after)}
    return any(
        s.id in later
        and s.id != step.id
        and not find(s.operation.kind, s.operation.version).changes
        for s in plan.steps
    )
