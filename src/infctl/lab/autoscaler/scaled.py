"""A ScaledObject as this autoscaler understands it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infctl.lab.autoscaler.numbers import Refused, quoted
from infctl.lab.autoscaler.triggers import cron, prometheus, resource
from infctl.lab.autoscaler.triggers.common import Object

Trigger = prometheus.Prometheus | cron.Cron | resource.Resource
PAUSED = "autoscaling.keda.sh/paused"
PAUSED_REPLICAS = "autoscaling.keda.sh/paused-replicas"
PAUSED_IN = "autoscaling.keda.sh/paused-scale-in"
PAUSED_OUT = "autoscaling.keda.sh/paused-scale-out"
FORCED = "autoscaling.keda.sh/force-activation"
_FALSE = ("false", "f", "0")
_MOST = 100
_POLLING, _COOLDOWN = 30.0, 300.0
_UNTOLD = ("scalingModifiers", "restoreToOriginalReplicaCount")


@dataclass(frozen=True, slots=True)
class Target:
    """What is scaled."""

    api_version: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Fallback:
    """How many replicas once a trigger failed more than `threshold` times running."""

    threshold: int
    replicas: int
    behavior: str


@dataclass(frozen=True, slots=True)
class Scaled:
    """A ScaledObject; times in seconds. `idle` is None where it is not used."""

    namespace: str
    name: str
    target: Target
    triggers: tuple[Trigger, ...]
    least: int
    most: int
    idle: int | None
    polling: float
    cooldown: float
    first_cooldown: float
    fallback: Fallback | None
    autoscaler: str
    behavior: Object | None

    @property
    def external(self) -> tuple[prometheus.Prometheus | cron.Cron, ...]:
        """The triggers that we read."""
        return tuple(t for t in self.triggers if not isinstance(t, resource.Resource))


def read(item: Mapping[str, Any]) -> Scaled:
    """A ScaledObject; Refused with the reason where it makes no sense."""
    spec, metadata = item["spec"], item["metadata"]
    advanced = spec.get("advanced") or {}
    if untold := [name for name in _UNTOLD if advanced.get(name)]:
        raise Refused(f"spec.advanced.{untold[0]} is not known to the lab's autoscaler")
    horizontal = advanced.get("horizontalPodAutoscalerConfig") or {}
    least, most, idle = _bounds(spec)
    return Scaled(
        namespace=metadata["namespace"],
        name=metadata["name"],
        target=target_of(item),
        triggers=_triggers(spec.get("triggers") or []),
        least=least,
        most=most,
        idle=idle,
        polling=max(float(spec.get("pollingInterval", _POLLING)), 1.0),
        cooldown=float(spec.get("cooldownPeriod", _COOLDOWN)),
        first_cooldown=float(spec.get("initialCooldownPeriod", 0)),
        fallback=_fallback(spec.get("fallback")),
        autoscaler=autoscaler_name(item),
        behavior=horizontal.get("behavior"),
    )


def autoscaler_name(item: Mapping[str, Any]) -> str:
    """The HorizontalPodAutoscaler's name: KEDA's, or the one that was asked for."""
    advanced = item["spec"].get("advanced") or {}
    horizontal = advanced.get("horizontalPodAutoscalerConfig") or {}
    return str(horizontal.get("name") or f"keda-hpa-{item['metadata']['name']}")


def target_of(item: Mapping[str, Any]) -> Target:
    """What is scaled; a Deployment where nothing is said."""
    found = item["spec"]["scaleTargetRef"]
    kind, version = found.get("kind") or "Deployment", found.get("apiVersion") or "apps/v1"
    return Target(str(version), str(kind), str(found["name"]))


def _bounds(spec: Mapping[str, Any]) -> tuple[int, int, int | None]:
    least, most = int(spec.get("minReplicaCount", 0)), int(spec.get("maxReplicaCount", _MOST))
    idle = spec.get("idleReplicaCount")
    if not 0 <= least <= most or most < 1:
        raise Refused(f"minReplicaCount {least} and maxReplicaCount {most} leave no choice")
    if idle is not None and not 0 <= idle < max(least, 1):
        raise Refused(f"idleReplicaCount {idle} has to be below minReplicaCount {least}")
    return least, most, idle


def _fallback(spec: Mapping[str, Any] | None) -> Fallback | None:
    if spec is None:
        return None
    threshold, replicas = int(spec["failureThreshold"]), int(spec["replicas"])
    if threshold < 0 or replicas < 0:
        raise Refused("fallback: failureThreshold and replicas cannot be below 0")
    return Fallback(threshold, replicas, str(spec.get("behavior") or "static"))


def _triggers(specs: list[Mapping[str, Any]]) -> tuple[Trigger, ...]:
    if not specs:
        raise Refused("there are no triggers")
    names = [s["name"] for s in specs if s.get("name")]
    if twice := {n for n in names if names.count(n) > 1}:
        raise Refused(f"two triggers are called {quoted(min(twice))}")
    return tuple(_trigger(index, spec) for index, spec in enumerate(specs))


def _trigger(index: int, spec: Mapping[str, Any]) -> Trigger:
    kind = spec["type"]
    try:
        if spec.get("authenticationRef"):
            raise Refused("authenticationRef is not known to the lab's autoscaler")
        if kind == "prometheus":
            return prometheus.read_trigger(index, spec)
        if kind == "cron":
            return cron.read_trigger(index, spec)
        if kind in ("cpu", "memory"):
            return resource.read_trigger(spec)
    except Refused as error:
        raise Refused(f"trigger {index} ({kind}): {error}") from None
    raise Refused(f"trigger {index}: the lab's autoscaler knows no type {quoted(kind)}")


def is_set(item: Mapping[str, Any], annotation: str) -> bool:
    """Whether an annotation says yes: anything but a clear no, as KEDA reads it."""
    found = (item["metadata"].get("annotations") or {}).get(annotation)
    return found is not None and str(found).lower() not in _FALSE


def paused_replicas(item: Mapping[str, Any]) -> int | None:
    """The number that a pause holds; None where it holds what is there. Refused if it is none."""
    found = (item["metadata"].get("annotations") or {}).get(PAUSED_REPLICAS)
    if found is None:
        return None
    if not found.isascii() or not found.isdigit() or int(found[:9]) > 10**6:
        raise Refused(f"{PAUSED_REPLICAS} is no number of replicas: {quoted(found)}")
    return int(found)


def is_paused(item: Mapping[str, Any]) -> bool:
    """Whether nothing may be scaled."""
    has_number = PAUSED_REPLICAS in (item["metadata"].get("annotations") or {})
    return has_number or is_set(item, PAUSED)
