"""A runbook inside another: its steps are written out before the plan's digest is taken.

There is no operation that runs a runbook. What people approve, guards judge and the journal holds
is then the whole plan; nothing can be read at run time that was not there when it was approved.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from infctl.errors import ConfigurationError
from infctl.model.names import is_name
from infctl.model.plan import BlastRadius, Plan, Step
from infctl.model.text import clean

KIND = "run_runbook"
DEEPEST = 5
MOST_STEPS = 500
Build = Callable[[str, Mapping[str, Any]], Plan]
"""Makes the plan of a runbook by its name and parameters."""


def expand(plan: Plan, build: Build) -> Plan:
    """The plan with every `run_runbook` (args: runbook, parameters) replaced by that one's steps.

    A step `drain` of the runbook that the step `move` runs is `move.drain`. If any of them is a
    recovery plan, so is the whole: none of its steps may need a control plane.
    """
    return _expand(plan, build, (plan.name,))


def _expand(plan: Plan, build: Build, path: tuple[str, ...]) -> Plan:
    inner: dict[str, Plan] = {}
    for step in plan.steps:
        if step.operation.kind == KIND:
            inner[step.id] = _child(step, plan, build, path)
    if not inner:
        return plan
    ends = {s.id: _ends(s.id, inner[s.id]) if s.id in inner else (s.id,) for s in plan.steps}
    steps: list[Step] = []
    for step in plan.steps:
        after = tuple(end for a in step.after for end in ends.get(a, (a,)))
        moved = replace(step, after=after, reverts=_reverted(step, inner))
        steps += _inlined(moved, inner[step.id]) if step.id in inner else [moved]
    _check_steps(plan, steps)
    children = tuple(inner.values())
    return replace(
        plan,
        steps=tuple(steps),
        blast_radius=_joined(plan, children),
        recovery=plan.recovery or any(c.recovery for c in children),
    )


def _child(step: Step, plan: Plan, build: Build, path: tuple[str, ...]) -> Plan:
    args = step.operation.args
    name, parameters = args.get("runbook"), args.get("parameters", {})
    is_right = isinstance(name, str) and is_name(name) and isinstance(parameters, Mapping)
    if not is_right or not set(args) <= {"runbook", "parameters"}:
        raise _wrong(step, "takes `runbook` (a name) and `parameters` (a mapping)")
    if name in path:
        raise _wrong(step, f"runs itself again: {' > '.join((*path, str(name)))}")
    if len(path) > DEEPEST:
        raise _wrong(step, f"is nested deeper than {DEEPEST} runbooks")
    child = build(str(name), parameters)
    if child.environment != plan.environment:
        raise _wrong(step, f"is of {child.environment}, and the plan of {plan.environment}")
    if not child.steps:
        raise _wrong(step, f"runs {name}, which has no steps")
    return _expand(child, build, (*path, str(name)))


def _inlined(outer: Step, child: Plan) -> list[Step]:
    """The child's steps in the outer's place; what always runs there, always runs here."""
    found = []
    for step in child.steps:
        after = tuple(f"{outer.id}.{a}" for a in step.after) or outer.after
        found.append(
            replace(
                step,
                id=f"{outer.id}.{step.id}",
                after=after,
                always=step.always or outer.always,
                reverts=f"{outer.id}.{step.reverts}" if step.reverts else outer.reverts,
                on_failure=step.on_failure or outer.on_failure,
            )
        )
    return found


def _ends(step_id: str, child: Plan) -> tuple[str, ...]:
    """The child's steps after which nothing of it comes."""
    followed = {a for step in child.steps for a in step.after}
    return tuple(f"{step_id}.{s.id}" for s in child.steps if s.id not in followed)


def _reverted(step: Step, inner: Mapping[str, Plan]) -> str:
    """What reverts a whole runbook waits for the first of its steps to have begun."""
    if step.reverts not in inner:
        return step.reverts
    return f"{step.reverts}.{inner[step.reverts].steps[0].id}"


def _joined(plan: Plan, children: tuple[Plan, ...]) -> BlastRadius:
    radii = (plan.blast_radius, *(c.blast_radius for c in children))
    shares = [r.traffic_share for r in radii if r.traffic_share is not None]
    return BlastRadius(
        tuple(dict.fromkeys(name for r in radii for name in r.regions)),
        tuple(dict.fromkeys(thing for r in radii for thing in r.objects)),
        min(1.0, sum(shares)) if shares else None,
    )


def _check_steps(plan: Plan, steps: list[Step]) -> None:
    if len(steps) > MOST_STEPS:
        raise ConfigurationError(f"{clean(plan.name)} has more than {MOST_STEPS} steps")
    if len({s.id for s in steps}) != len(steps):
        raise ConfigurationError(f"{clean(plan.name)} has two steps of one id")


def _wrong(step: Step, problem: str) -> ConfigurationError:
    return ConfigurationError(
        f"the step {clean(step.id, limit=80)} {problem}", unchanged="nothing was done"
    )
