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


_SERVING_ON = ("overload", "forget")
"""Kinds of faults that strike a region's API server and leave its gateway alone."""


def _left_by(operation: Operation) -> str:
    args = operation.args
    if operation.kind == "switch_region_off":
        return str(args["region"])
    if operation.kind == "inject_fault":
        return _struck(str(args.get("fault_kind", "kill")), str(args["target"]))
    if operation.kind == "set_region_weight" and args.get("weight") == 0:
        return str(args["region"])
    return ""


def _struck(kind: str, target: str) -> str:
    """The region whose clients a fault strikes; one that only slows them may drive them away."""
    match target.split("/"):
        case ["region", region] if kind not in _SERVING_ON:
            return region
        case ["edge", region] | ["edge", region, "gateway"]:
            return region
    return ""
