"""Which steps may start now, and which wait for a decision: pure functions of plan and view."""

from infctl.model.plan import Plan, Step
from infctl.model.run import RunView, StepState, StepView

PROBLEMS = frozenset({StepState.FAILED, StepState.UNKNOWN})
_PASSABLE = frozenset({StepState.DONE, StepState.SKIPPED})


def is_retried(step: Step, seen: StepView) -> bool:
    """Whether a step that failed is tried again without anybody's decision."""
    return seen.state is StepState.FAILED and not seen.conflict and seen.attempt < step.max_attempts


def problems_of(plan: Plan, view: RunView) -> list[StepView]:
    """The steps that wait for a decision: failed for good, or unknown."""
    return [
        seen
        for step, seen in zip(plan.steps, view.steps, strict=True)
        if seen.state in PROBLEMS and not is_retried(step, seen)
    ]


def _forward(plan: Plan, view: RunView, doubted: set[str]) -> list[Step]:
    """In one go, since it is asked with every step of plans that have hundreds."""
    passed: set[str] = set()
    startable: list[Step] = []
    for step, seen in zip(plan.steps, view.steps, strict=True):
        state = seen.state
        if state is StepState.WAITING:
            startable.append(step)
        elif state in _PASSABLE:
            passed.add(step.id)
        elif state in PROBLEMS:
            if step.id not in doubted and not is_retried(step, seen):
                return []
            startable.append(step)
    return [step for step in startable if passed.issuperset(step.after)]


def ready_steps(plan: Plan, view: RunView, doubted: set[str]) -> list[Step]:
    """The steps that may start now.

    Forward, a step starts when those before it are done or skipped, and nothing starts while a
    problem waits for a decision. On any other course only steps that always run do, where what they
    revert has begun, each when those before it will certainly do nothing more.
    """
    if view.course == "forward":
        return _forward(plan, view, doubted)
    startable = [
        step
        for step, seen in zip(plan.steps, view.steps, strict=True)
        if seen.state is StepState.WAITING
        or (seen.state in PROBLEMS and (step.id in doubted or is_retried(step, seen)))
    ]
    states = {s.id: s.state for s in view.steps}
    again = {s.id for s in startable}
    always = {
        s.id
        for s in plan.steps
        if s.always and not (s.reverts and states[s.reverts] is StepState.WAITING)
    }

    def over(step_id: str) -> bool:
        if states[step_id] is StepState.WAITING:
            return step_id not in always
        return states[step_id] is not StepState.RUNNING and step_id not in (again & always)

    return [s for s in startable if s.id in always and all(over(a) for a in s.after)]
