"""no_control_plane: a recovery plan works while the cloud's control planes are down."""

from infctl.content.control_planes import problem_of
from infctl.content.facts import Facts
from infctl.engine.operations import find
from infctl.model.outcome import Outcome, Word
from infctl.model.plan import Plan, Step


def no_control_plane(plan: Plan, facts: Facts) -> Outcome:
    """A recovery plan works while the cloud's control planes are down."""
    del facts
    if not plan.recovery:
        return Outcome(Word.PASSED, ("not a recovery plan",))
    needing = [step.id for step in plan.steps if _declares(step)]
    found = (f"needs a control plane: {', '.join(needing)}",) if needing else ()
    calls = tuple(f"{step.id} calls {why}" for step in plan.steps for why in _problems(step))
    if found or calls:
        return Outcome(Word.FAILED, (*found, *calls))
    return Outcome(Word.PASSED, ("needs no control plane of the cloud",))


def _declares(step: Step) -> bool:
    operation = step.operation
    handler = find(operation.kind, operation.version)
    return operation.needs_control_plane or handler.control_plane


def _problems(step: Step) -> list[str]:
    operation = step.operation
    calls = find(operation.kind, operation.version).calls(operation.args)
    return [f"{call}: {why}" for call in calls if (why := problem_of(call))]
