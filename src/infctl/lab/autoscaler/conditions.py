"""Conditions of a ScaledObject, with KEDA's types, reasons and words. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from infctl.lab.autoscaler.triggers.common import Object

READY, ACTIVE, FALLBACK, PAUSED, HPA_ACTIVE = "Ready", "Active", "Fallback", "Paused", "HPAActive"
_LONGEST = 1000


def condition(kind: str, status: bool | None, reason: str, message: str) -> Object:
    """One condition; None is Unknown."""
    word = {True: "True", False: "False", None: "Unknown"}[status]
    return {"type": kind, "status": word, "reason": reason, "message": message[:_LONGEST]}


GOOD = condition(
    READY, True, "ScaledObjectReady", "ScaledObject is defined correctly and is ready for scaling"
)
INACTIVE = condition(
    ACTIVE,
    False,
    "ScalerNotActive",
    "Scaling is not performed because triggers are not active",
)
AT_WORK = condition(
    ACTIVE, True, "ScalerActive", "Scaling is performed because triggers are active"
)
FORCED = condition(
    ACTIVE,
    True,
    "ScalerActive",
    "Scaling is performed because activation is being forced by annotation",
)
COOLING = condition(
    ACTIVE, False, "ScalerCooldown", "Scaler cooling down because triggers are not active"
)
FALLS_BACK = condition(
    FALLBACK, True, "FallbackExists", "At least one trigger is falling back on this scaled object"
)
NO_FALLBACK = condition(
    FALLBACK, False, "NoFallbackFound", "No fallbacks are active on this scaled object"
)
HELD = condition(PAUSED, True, "ScaledObjectPaused", "ScaledObject is paused")
NEVER_HELD = condition(PAUSED, False, "ScaledObjectNotPaused", "ScaledObject is not paused")
GOES_ON = condition(
    PAUSED, False, "ScaledObjectUnpaused", "pause annotation removed for ScaledObject"
)


def refused(message: str) -> list[Object]:
    """A ScaledObject that makes no sense, or whose target is not there."""
    return [
        condition(READY, False, "ScaledObjectCheckFailed", message),
        condition(ACTIVE, None, "UnknownState", "ScaledObject check failed"),
    ]


def merged(old: Iterable[Mapping[str, Any]], new: Iterable[Object]) -> list[Object]:
    """The new ones in the places of the old ones of their types."""
    found = {str(c.get("type")): dict(c) for c in old}
    found.update({c["type"]: c for c in new})
    return list(found.values())


def of_pause(status: Mapping[str, Any], is_held: bool) -> list[Object]:
    """Paused, where it is not as the status has it."""
    said = status.get("conditions") or ()
    before = next((str(c.get("status")) for c in said if c.get("type") == PAUSED), "")
    if is_held:
        return [HELD]
    return {"": [NEVER_HELD], "True": [GOES_ON]}.get(before, [])


def of_autoscaler(autoscaler: Mapping[str, Any]) -> list[Object]:
    """HPAActive as the HorizontalPodAutoscaler's own ScalingActive has it; empty before it does."""
    status = autoscaler.get("status") or {}
    for said in status.get("conditions") or ():
        if said.get("type") != "ScalingActive":
            continue
        reason = str(said.get("reason") or "HPAMetricsUnavailable")
        if said.get("status") == "True":
            return [condition(HPA_ACTIVE, True, "HPAActive", "HPA is actively scaling")]
        is_idle = reason == "ScalingDisabled"
        words = str(said.get("message", ""))
        text = words if is_idle else f"HPA is not actively scaling: {words}"
        return [condition(HPA_ACTIVE, is_idle, reason, text)]
    return []
