"""The HorizontalPodAutoscaler that a ScaledObject asks for. Pure."""

from collections.abc import Mapping
from typing import Any

from infctl.lab.autoscaler import scaled
from infctl.lab.autoscaler.scaled import Scaled
from infctl.lab.autoscaler.triggers.common import Object

MANAGED_BY = {"app.kubernetes.io/managed-by": "keda-operator"}
_EXCLUDED = "scaledobject.keda.sh/hpa-excluded-labels"
_LABEL = 63
_HELD = {"selectPolicy": "Disabled"}


def make_autoscaler(item: Mapping[str, Any], wanted: Scaled) -> Object:
    """What to create; its owner is the ScaledObject, with which it goes."""
    metadata = item["metadata"]
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {
            "name": wanted.autoscaler,
            "namespace": wanted.namespace,
            "labels": _labels(item, wanted),
            "annotations": dict(metadata.get("annotations") or {}),
            "ownerReferences": [_owner(item)],
        },
        "spec": _spec(item, wanted),
    }


def _spec(item: Mapping[str, Any], wanted: Scaled) -> Object:
    target, behavior = wanted.target, _behavior(item, wanted)
    metrics = [trigger.metric_spec(wanted.name) for trigger in wanted.triggers]
    return {
        "scaleTargetRef": {
            "apiVersion": target.api_version,
            "kind": target.kind,
            "name": target.name,
        },
        "minReplicas": max(wanted.least, 1),
        "maxReplicas": wanted.most,
        "metrics": sorted(metrics, key=lambda metric: str(metric["type"])),
        **({"behavior": behavior} if behavior else {}),
    }


def _behavior(item: Mapping[str, Any], wanted: Scaled) -> Object:
    """The behavior that was asked for; a direction that is paused is held."""
    found = dict(wanted.behavior or {})
    for annotation, way in ((scaled.PAUSED_IN, "scaleDown"), (scaled.PAUSED_OUT, "scaleUp")):
        if scaled.is_set(item, annotation):
            found[way] = {**(found.get(way) or {}), **_HELD}
    return found


def _labels(item: Mapping[str, Any], wanted: Scaled) -> dict[str, str]:
    metadata = item["metadata"]
    excluded = (metadata.get("annotations") or {}).get(_EXCLUDED, "").split(",")
    own = {k: v for k, v in (metadata.get("labels") or {}).items() if k not in excluded}
    return {
        **own,
        "app.kubernetes.io/name": wanted.autoscaler[:_LABEL].rstrip("-._"),
        "app.kubernetes.io/part-of": wanted.name[:_LABEL].rstrip("-._"),
        **MANAGED_BY,
    }


def _owner(item: Mapping[str, Any]) -> Object:
    return {
        "apiVersion": item["apiVersion"],
        "kind": item["kind"],
        "name": item["metadata"]["name"],
        "uid": item["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def differs(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether an object lacks something that is wanted; what the server added is no difference."""
    same = all(_holds(found["metadata"].get(k), v) for k, v in wanted["metadata"].items())
    held = set(found["spec"]) - set(wanted["spec"])
    return not (same and _holds(found["spec"], wanted["spec"])) or "behavior" in held


def _holds(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        has = found if isinstance(found, dict) else {}
        return all(_holds(has.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        has_list = found if isinstance(found, list) else []
        is_long = len(has_list) == len(wanted)
        return is_long and all(_holds(f, w) for f, w in zip(has_list, wanted, strict=True))
    return bool(found == wanted)
