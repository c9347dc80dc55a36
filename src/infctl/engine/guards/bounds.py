"""steps_bounded: the plan is a graph that ends: known steps, no circle, every step with a bound."""

import graphlib
import math
import re
from collections import Counter
from collections.abc import Iterator

from infctl.content.facts import Facts
from infctl.engine.operations import find
from infctl.errors import InfctlError
from infctl.model.outcome import Outcome, Word
from infctl.model.plan import Plan, Step

MOST_STEPS = 1000
LONGEST = 86_400.0
"""Seconds that a step, and seven times as much that a run may take."""
MOST_ATTEMPTS = 10
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,127}", re.IGNORECASE)
_ON_FAILURE = ("", "pause", "skip", "undo", "stop")
_SHOWN = 10


def steps_bounded(plan: Plan, facts: Facts) -> Outcome:
    """Every step has a bound, its arguments are what it takes, and the graph has an end."""
    del facts
    problems = list(_graph_problems(plan))
    if len(plan.steps) <= MOST_STEPS:
        problems += [problem for step in plan.steps for problem in _step_problems(step)]
    if problems:
        more = len(problems) - _SHOWN
        rest = (f"and {more} more",) if more > 0 else ()
        return Outcome(Word.FAILED, (*problems[:_SHOWN], *rest))
    return Outcome(Word.PASSED, (f"{len(plan.steps)} steps, each with a bound",))


def _graph_problems(plan: Plan) -> Iterator[str]:
    if not plan.steps:
        yield "the plan has no step"
    if len(plan.steps) > MOST_STEPS:
        yield f"the plan has {len(plan.steps)} steps, at most {MOST_STEPS}"
        return
    if not _is_within(plan.deadline, 0.0, 7 * LONGEST):
        yield "the plan's deadline is no number of seconds, at most a week"
    ids = Counter(step.id for step in plan.steps)
    yield from (f"there are {count} steps {step}" for step, count in ids.items() if count > 1)
    for step in plan.steps:
        yield from (
            f"{step.id} waits for {a}, which is no step" for a in step.after if a not in ids
        )
        if step.reverts and step.reverts not in ids:
            yield f"{step.id} reverts {step.reverts}, which is no step"
    try:
        graphlib.TopologicalSorter({s.id: s.after for s in plan.steps}).prepare()
    except graphlib.CycleError as error:
        yield f"steps wait for each other: {', '.join(error.args[1])}"


def _step_problems(step: Step) -> Iterator[str]:
    if not _ID.fullmatch(step.id):
        yield f"{step.id or 'a step'} is no id: letters, digits, dots, - and _"
    if not _is_within(step.timeout, 0.001, LONGEST):
        yield f"{step.id} has no timeout of more than 0 s and at most a day"
    if not 1 <= step.max_attempts <= MOST_ATTEMPTS:
        yield f"{step.id} would be tried {step.max_attempts} times, at most {MOST_ATTEMPTS}"
    if step.on_failure not in _ON_FAILURE:
        yield f"{step.id} says on failure {step.on_failure}, which is no way on"
    try:
        find(step.operation.kind, step.operation.version).check(step.operation.args)
    except InfctlError as error:
        yield f"{step.id}: {error.what}"


def _is_within(value: float, least: float, most: float) -> bool:
    return math.isfinite(value) and least <= value <= most
