"""What all triggers have in common. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infctl.lab.autoscaler.numbers import Refused, quantity, quoted

Object = dict[str, Any]

OWNER = "scaledobject.keda.sh/name"
"""The label by which an external metric names its ScaledObject."""
AVERAGE, VALUE = "AverageValue", "Value"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a trigger said: its value, and whether it alone makes the target active."""

    value: float
    is_active: bool


class ScalerFailed(Exception):
    """A trigger could not be read; the text is for the ScaledObject's owner."""


@dataclass(frozen=True, slots=True)
class External:
    """A trigger that the HorizontalPodAutoscaler sees as an external metric.

    `threshold` is the value for each pod with AverageValue, else the value for all of them.
    """

    metric: str
    label: str
    threshold: float
    kind: str

    def metric_spec(self, owner: str) -> Object:
        """Its part of a HorizontalPodAutoscaler."""
        field = "averageValue" if self.kind == AVERAGE else "value"
        return {
            "type": "External",
            "external": {
                "metric": {"name": self.metric, "selector": {"matchLabels": {OWNER: owner}}},
                "target": {"type": self.kind, field: quantity(self.threshold)},
            },
        }


def metric_kind(trigger: Mapping[str, Any]) -> str:
    """AverageValue or Value; Utilization is for cpu and memory alone."""
    kind = str(trigger.get("metricType") or AVERAGE)
    if kind not in (AVERAGE, VALUE):
        raise Refused(f"metricType {quoted(kind)} is for cpu and memory alone")
    return kind


def metric_name(index: int, name: str) -> str:
    """As KEDA names external metrics."""
    for sign in "/.:%()":
        name = name.replace(sign, "-")
    return f"s{index}-{name}"


def needed(metadata: Mapping[str, str], name: str) -> str:
    """A field that has to be there."""
    if not (text := metadata.get(name, "")):
        raise Refused(f"metadata.{name} is missing")
    return text
