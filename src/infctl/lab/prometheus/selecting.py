"""Kubernetes' selectors: of labels, and of namespaces by a monitor. Pure."""

from collections.abc import Mapping

from infctl.lab.following import Object
from infctl.lab.prometheus.objects import Unserved


def matches(selector: Object, labels: Mapping[str, str]) -> bool:
    """Whether a LabelSelector selects what has these labels; an empty one selects all."""
    wanted = selector.get("matchLabels") or {}
    if any(labels.get(name) != value for name, value in wanted.items()):
        return False
    return all(_holds(e, labels) for e in selector.get("matchExpressions") or [])


def _holds(expression: Object, labels: Mapping[str, str]) -> bool:
    name, values = expression["key"], expression.get("values") or []
    match expression["operator"]:
        case "In":
            return labels.get(name) in values
        case "NotIn":
            return labels.get(name) not in values
        case "Exists":
            return name in labels
        case "DoesNotExist":
            return name not in labels
        case other:
            raise Unserved(f"selector: {other!r} is no operator of a selector")


def is_chosen(namespace: str, monitor: Object) -> bool:
    """Whether a monitor looks into a namespace: its own where it names none."""
    chosen = monitor["spec"].get("namespaceSelector") or {}
    if chosen.get("any"):
        return True
    return namespace in (chosen.get("matchNames") or [monitor["metadata"]["namespace"]])
