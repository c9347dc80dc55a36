"""What a trigger that fails is taken to say, as KEDA has it. Pure.

Source: https://keda.sh/docs/latest/reference/scaledobject-spec/#fallback
"""

from dataclasses import dataclass

from infctl.lab.autoscaler.scaled import Fallback
from infctl.lab.autoscaler.triggers.common import VALUE, External


@dataclass(frozen=True, slots=True)
class Workload:
    """The target's replicas as wanted, and how many of its pods are ready."""

    replicas: int
    ready: int


def is_due(fallback: Fallback | None, failures: int) -> bool:
    """Whether a trigger that failed so often in a row falls back."""
    return fallback is not None and failures > fallback.threshold


def stand_in(fallback: Fallback, trigger: External, workload: Workload) -> float | None:
    """The value from which the HorizontalPodAutoscaler reckons the replicas; None without pods.

    A trigger of the kind Value is multiplied by the ready pods, so it is divided by them here.
    """
    replicas = float(_replicas(fallback, workload.replicas))
    if trigger.kind == VALUE:
        if not workload.ready:
            return None
        replicas /= workload.ready
    return trigger.threshold * replicas


def _replicas(fallback: Fallback, current: int) -> int:
    if fallback.behavior == "currentReplicas":
        return current
    if fallback.behavior == "currentReplicasIfHigher":
        return max(current, fallback.replicas)
    if fallback.behavior == "currentReplicasIfLower":
        return min(current, fallback.replicas)
    return fallback.replicas
