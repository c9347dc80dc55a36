"""What a ScaledObject's status says, what of it is news, and how its events are worded. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from infctl.lab.autoscaler.conditions import FALLBACK, PAUSED, READY
from infctl.lab.autoscaler.decision import Act, Decision
from infctl.lab.autoscaler.readings import Outcome
from infctl.lab.autoscaler.scaled import Scaled
from infctl.lab.autoscaler.triggers.common import Object
from infctl.lab.autoscaler.triggers.resource import Resource

News = tuple[str, str, bool]
_POLLING = 30.0


def wish(item: Mapping[str, Any]) -> tuple[Any, ...]:
    """What changes when its owner wants something else of it."""
    metadata = item["metadata"]
    return metadata.get("generation"), metadata.get("annotations"), metadata.get("labels")


def polling(item: Mapping[str, Any]) -> float:
    """The polling interval of an object whatever else it says."""
    return max(float(item["spec"].get("pollingInterval", _POLLING)), 1.0)


def moment() -> str:
    """Now, as Kubernetes writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(text: Any) -> float | None:
    """A moment of Kubernetes' in seconds since the epoch; None where there is none."""
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return None


def describe(
    item: Mapping[str, Any],
    wanted: Scaled,
    outcomes: Sequence[Outcome],
    health: Mapping[str, Any],
) -> Object:
    """The fields of a status beside its conditions."""
    types = dict.fromkeys(str(t["type"]) for t in item["spec"]["triggers"])
    return {
        "scaleTargetKind": kind_of(wanted),
        "hpaName": wanted.autoscaler,
        "externalMetricNames": [t.metric for t in wanted.external],
        "resourceMetricNames": [t.name for t in wanted.triggers if isinstance(t, Resource)],
        "triggersTypes": ",".join(types),
        "triggersActivity": {o.trigger.metric: {"isActive": o.is_active} for o in outcomes},
        "health": dict(health) if wanted.fallback else {},
        "pausedReplicaCount": None,
    }


def kind_of(wanted: Scaled) -> str:
    """The target's kind as KEDA writes it."""
    return f"{wanted.target.api_version}.{wanted.target.kind}"


def change(old: Mapping[str, Any], new: Mapping[str, Any]) -> Object:
    """The merge patch that makes the old status the new one."""
    found: Object = {}
    for name, value in new.items():
        before = old.get(name)
        if value == before:
            continue
        if isinstance(value, dict) and isinstance(before, dict):
            found[name] = {**value, **dict.fromkeys(set(before) - set(value))}
        else:
            found[name] = value
    return found


def news(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[News]:
    """The events that a change of conditions is: reason, message, and whether it is a warning."""
    before, after = _by_type(old), _by_type(new)
    ready, was_ready = after.get(READY, {}), before.get(READY, {})
    is_refusal = ready.get("reason") == "ScaledObjectCheckFailed"
    if is_refusal and ready != was_ready:
        yield "ScaledObjectCheckFailed", ready["message"], True
    if ready.get("status") == "True" and was_ready.get("status") != "True":
        yield "ScaledObjectReady", "ScaledObject is ready for scaling", False
    yield from _turned(before, after, PAUSED, "ScaledObjectPaused", "ScaledObjectUnpaused")
    yield from _turned(
        before,
        after,
        FALLBACK,
        "ScaledObjectFallbackActivated",
        "ScaledObjectFallbackDeactivated",
    )


def _by_type(status: Mapping[str, Any]) -> dict[str, Object]:
    return {str(c.get("type")): c for c in status.get("conditions") or ()}


def _turned(
    before: Mapping[str, Object], after: Mapping[str, Object], kind: str, on: str, off: str
) -> Iterator[News]:
    was, is_now = (c.get(kind, {}).get("status") == "True" for c in (before, after))
    if was != is_now:
        yield on if is_now else off, str(after[kind]["message"]), False


def explain(
    wanted: Scaled, decision: Decision, before: int, outcomes: Sequence[Outcome]
) -> tuple[str, str]:
    """The event of an act that was done; empty where KEDA tells none."""
    what = f"{kind_of(wanted)} {wanted.namespace}/{wanted.target.name}"
    step = f"from {before} to {decision.replicas}"
    if decision.act is Act.ACTIVATE:
        active = [o.trigger.metric for o in outcomes if o.is_active]
        cause = f"triggered by {';'.join(active)}" if active else "caused by an annotation"
        return decision.act.value, f"Scaled {what} {step}, {cause}"
    if decision.act is Act.DEACTIVATE:
        return decision.act.value, f"Deactivated {what} {step}"
    return "", ""


def explain_failure(wanted: Scaled, decision: Decision, reason: str) -> tuple[str, str]:
    """The event of an act that the server refused."""
    names = {
        Act.ACTIVATE: "KEDAScaleTargetActivationFailed",
        Act.DEACTIVATE: "KEDAScaleTargetDeactivationFailed",
    }
    what = f"{kind_of(wanted)} {wanted.namespace}/{wanted.target.name}"
    return names.get(decision.act, ""), f"Failed to scale {what}: {reason}"
