"""Disruption budgets, as far as evictions of single pods go."""

import math
from collections.abc import Iterable
from typing import Any

from infctl.errors import Refused
from infctl.ports.cluster import Object


def refuse_eviction(pod: Object, pods: Iterable[Object], budgets: Iterable[Object]) -> None:
    """Raise Refused where a budget that covers the pod has no disruption left."""
    everywhere = list(pods)
    for budget in budgets:
        if not _covers(budget, pod) or _may_go_anyway(budget, pod):
            continue
        covered = [p for p in everywhere if _covers(budget, p)]
        healthy = sum(_is_ready(p) for p in covered)
        needed = _needed(budget["spec"], len(covered))
        if healthy - _is_ready(pod) < needed:
            name = budget["metadata"]["name"]
            raise Refused(
                f"Cannot evict pod as it would violate the pod's disruption budget. The disruption"
                f" budget {name} needs {needed} healthy pods and has {healthy} currently",
                unchanged="the pod stays",
                hint="wait until its other pods are ready, or scale first",
            )


def _may_go_anyway(budget: Object, pod: Object) -> bool:
    """Pods that never ran or ended; and those that are not ready, where the budget says so."""
    if pod.get("status", {}).get("phase") in ("Pending", "Succeeded", "Failed"):
        return True
    policy = budget["spec"].get("unhealthyPodEvictionPolicy")
    return policy == "AlwaysAllow" and not _is_ready(pod)


def _covers(budget: Object, pod: Object) -> bool:
    wanted = budget["spec"].get("selector", {}).get("matchLabels", {})
    labels = pod["metadata"].get("labels") or {}
    return bool(wanted) and all(labels.get(k) == v for k, v in wanted.items())


def _needed(spec: Object, count: int) -> int:
    if "minAvailable" in spec:
        return _share(spec["minAvailable"], count)
    return count - _share(spec.get("maxUnavailable", 0), count)


def _share(value: Any, count: int) -> int:
    """A number, or a percentage of all pods, rounded up."""
    if isinstance(value, str) and value.endswith("%"):
        return math.ceil(int(value[:-1]) * count / 100)
    return int(value)


def _is_ready(pod: Object) -> bool:
    conditions = pod.get("status", {}).get("conditions") or []
    return any(c.get("type") == "Ready" and c.get("status") == "True" for c in conditions)
