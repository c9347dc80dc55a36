"""Keeps a run's faults in force while its executor lives; nobody renews them afterwards."""

import asyncio
import logging
from collections.abc import Callable

from infctl.errors import InfctlError, Unmeasured
from infctl.model.plan import Plan
from infctl.model.run import RunView, StepState
from infctl.ports.world import World

_log = logging.getLogger(__name__)
_HELD = frozenset({StepState.RUNNING, StepState.DONE, StepState.UNKNOWN, StepState.FAILED})
_BEGUN = frozenset({StepState.RUNNING, StepState.DONE})


def held_faults(plan: Plan, view: RunView) -> dict[str, float]:
    """The faults that the run holds now, with their leases in seconds. Pure."""
    held = {}
    for step in plan.steps:
        operation = step.operation
        if operation.kind == "inject_fault" and view.step(step.id).state in _HELD:
            held[str(operation.args["fault"])] = float(operation.args["ttl"])
    for step in plan.steps:
        if step.operation.kind == "heal_fault" and view.step(step.id).state in _BEGUN:
            held.pop(str(step.operation.args["fault"]), None)
    return held


async def renew_faults(
    plan: Plan,
    view: Callable[[], RunView],
    world: World,
    lost: Callable[[str], None],
    is_frozen: Callable[[], bool] = lambda: False,
) -> None:
    """Renew every held fault at a third of its lease, until cancelled.

    `lost` is told of a fault that ended without us: nobody renewed it for too long. While frozen
    nothing is renewed: what hurts heals by itself.
    """
    faults = world.faults
    if faults is None:
        return
    told: set[str] = set()
    while True:
        held = {} if is_frozen() else held_faults(plan, view())
        for fault, ttl in held.items():
            try:
                await asyncio.wait_for(faults.renew(fault, ttl), ttl / 3)
            except (InfctlError, TimeoutError) as error:
                _log.warning("cannot renew fault %s: %s", fault, error)
                is_over = not isinstance(error, (Unmeasured, TimeoutError))
                if is_over and fault not in told and _is_ours(plan, view(), fault):
                    told.add(fault)
                    lost(fault)
        await asyncio.sleep(min(held.values(), default=3.0) / 3)


def _is_ours(plan: Plan, view: RunView, fault: str) -> bool:
    """Whether the fault should be in force: it was seen so, and nobody began to heal it."""
    return fault in held_faults(plan, view) and any(
        step.operation.kind == "inject_fault"
        and step.operation.args["fault"] == fault
        and view.step(step.id).state is StepState.DONE
        for step in plan.steps
    )
