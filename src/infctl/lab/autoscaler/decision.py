"""Whether a target goes to zero, or comes from there; all else is the autoscaler's. Pure.

The cases are those of KEDA's RequestScale, in its order.
Source: https://github.com/kedacore/keda/blob/main/pkg/scaling/executor/scale_scaledobjects.go
"""

from dataclasses import dataclass
from enum import Enum

from infctl.lab.autoscaler import conditions
from infctl.lab.autoscaler.conditions import READY, condition
from infctl.lab.autoscaler.scaled import Scaled
from infctl.lab.autoscaler.triggers.common import Object


class Act(Enum):
    """What is to be done; the value is the event's reason, where there is one."""

    NONE = ""
    ACTIVATE = "KEDAScaleTargetActivated"
    DEACTIVATE = "KEDAScaleTargetDeactivated"
    RAISE = "raise"


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known at a moment; times in seconds since the epoch."""

    now: float
    created: float
    last_active: float | None
    replicas: int
    is_active: bool = False
    is_failing: bool = False
    is_forced: bool = False
    is_held_in: bool = False
    is_held_out: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """The act, the replicas that it sets, what to say, and whether the target is in use now."""

    act: Act
    replicas: int
    conditions: tuple[Object, ...]
    is_used: bool = False


_PARTLY = condition(
    READY,
    None,
    "PartialTriggerError",
    "Some triggers defined in ScaledObject are not working correctly",
)
_FAILING = condition(
    READY, False, "TriggerError", "Triggers defined in ScaledObject are not working correctly"
)


def decide(wanted: Scaled, seen: Seen) -> Decision:
    """What to do with a target whose triggers were read."""
    if seen.is_active or seen.is_forced:
        return _active(wanted, seen)
    return _inactive(wanted, seen)


def _active(wanted: Scaled, seen: Seen) -> Decision:
    said = conditions.FORCED if seen.is_forced else conditions.AT_WORK
    is_idle = wanted.idle is not None and seen.replicas < wanted.least
    if is_idle or seen.replicas == 0:
        if seen.is_held_out:
            return Decision(Act.NONE, seen.replicas, (conditions.GOOD, said))
        return Decision(Act.ACTIVATE, max(wanted.least, 1), (conditions.GOOD, said), is_used=True)
    if seen.is_failing:
        return Decision(Act.NONE, seen.replicas, (_PARTLY, said))
    return Decision(Act.NONE, seen.replicas, (conditions.GOOD, said), is_used=True)


def _inactive(wanted: Scaled, seen: Seen) -> Decision:
    good, inactive = conditions.GOOD, conditions.INACTIVE
    stays = Decision(Act.NONE, seen.replicas, (good, inactive))
    if seen.is_failing and wanted.fallback is not None and wanted.fallback.replicas:
        # Without this it would be at zero before the fallback is due, and stay there.
        return stays
    if seen.is_failing and wanted.fallback is None:
        return Decision(Act.NONE, seen.replicas, (_FAILING, inactive))
    floor = wanted.idle if wanted.idle is not None else 0
    if seen.replicas > floor and (wanted.idle is not None or wanted.least == 0):
        return _leave(wanted, seen, floor, stays)
    if wanted.idle is None and seen.replicas < wanted.least:
        return Decision(Act.RAISE, wanted.least, (good, inactive))
    return stays


def _leave(wanted: Scaled, seen: Seen, floor: int, stays: Decision) -> Decision:
    if seen.is_held_in:
        return stays
    if seen.last_active is None:
        is_over = seen.created + wanted.first_cooldown < seen.now
    else:
        is_over = seen.last_active + wanted.cooldown < seen.now
    if is_over:
        return Decision(Act.DEACTIVATE, floor, (conditions.GOOD, conditions.INACTIVE))
    return Decision(Act.NONE, seen.replicas, (conditions.GOOD, conditions.COOLING))
