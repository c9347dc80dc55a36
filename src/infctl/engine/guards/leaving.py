"""What a plan does to traffic: which regions it takes out of service, and whether it only restores.

Pure functions of the plan, shared by the guards.
"""

from infctl.engine.operations import find
from infctl.model.plan import Operation, Plan

_RETURNS = "switch_region_on"


def leaving(plan: Plan) -> tuple[str, ...]:
    """The regions that the plan takes out of service."""
    found = (_left_by(step.operation) for step in plan.steps)
    return tuple(dict.fromkeys(name for name in found if name))


def is_restoring(plan: Plan) -> bool:
    """Whether all that the plan changes is given back: regions' traffic, and hurts that it ends."""
    changing = [
        step.operation
        for step in plan.steps
        if find(step.operation.kind, step.operation.version).changes
    ]
    return bool(changing) and all(
        operation.kind == _RETURNS or find(operation.kind, operation.version).heals
        for operation in changing
    )


def _left_by(operation: Operation) -> str:
    args = operation.args
    if operation.kind == "switch_region_off":
        return str(args["region"])
    if operation.kind == "inject_fault":
        kind, _, name = str(args["target"]).partition("/")
        return name if kind == "region" else ""
    if operation.kind == "set_region_weight" and args.get("weight") == 0:
        return str(args["region"])
    return ""
