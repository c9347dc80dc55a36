"""The cpu and memory triggers: the HorizontalPodAutoscaler reads those metrics by itself. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infctl.lab.autoscaler.numbers import Refused, quoted, whole
from infctl.lab.autoscaler.triggers.common import AVERAGE, Object, needed

_QUANTITY = re.compile(r"\d{1,12}(\.\d{1,6})?([munkKMGT]i?)?")


@dataclass(frozen=True, slots=True)
class Resource:
    """A part of a HorizontalPodAutoscaler that needs nobody's help."""

    name: str
    container: str
    target: Mapping[str, Any]

    def metric_spec(self, _: str) -> Object:
        """Its part of a HorizontalPodAutoscaler."""
        source = {"name": self.name, "target": dict(self.target)}
        if self.container:
            container = {**source, "container": self.container}
            return {"type": "ContainerResource", "containerResource": container}
        return {"type": "Resource", "resource": source}


def read_trigger(trigger: Mapping[str, Any]) -> Resource:
    """The trigger; Refused with the reason where it makes no sense."""
    metadata: Mapping[str, str] = trigger["metadata"]
    value, kind = needed(metadata, "value"), str(trigger.get("metricType") or "")
    if kind == "Utilization":
        target: Object = {"averageUtilization": whole(value, "metadata.value")}
    elif kind == AVERAGE:
        if not _QUANTITY.fullmatch(value):
            raise Refused(f"metadata.value is no quantity: {quoted(value)}")
        target = {"averageValue": value}
    else:
        raise Refused("metricType has to be Utilization or AverageValue")
    name = str(trigger["type"])
    return Resource(name, metadata.get("containerName", ""), {"type": kind, **target})
