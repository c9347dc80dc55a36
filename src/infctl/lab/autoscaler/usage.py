"""What containers and nodes use, from two looks at their kubelet's counters. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from infctl.lab.autoscaler.triggers.common import Object

_LINE = re.compile(
    r"(?P<name>[a-z_]+)(?:\{(?P<labels>[^}]*)\})? (?P<value>\S+)(?: (?P<at>\d{1,16}))?"
)
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_CPU, _MEMORY = "cpu_usage_seconds_total", "memory_working_set_bytes"
Key = tuple[str, str, str]
"""Namespace, pod and container; empty for the node itself."""
NODE: Key = ("", "", "")


@dataclass(frozen=True, slots=True)
class Point:
    """CPU seconds up to a moment (seconds since the epoch), and bytes of memory at it."""

    at: float
    cpu: float
    memory: float


@dataclass(frozen=True, slots=True)
class Usage:
    """Cores in the mean over the window (seconds) that ended `at`, and bytes at its end."""

    at: float
    window: float
    cores: float
    memory: float

    def describe(self) -> dict[str, str]:
        """As the metrics API has it."""
        return {"cpu": f"{round(self.cores * 1e9)}n", "memory": f"{round(self.memory / 1024)}Ki"}


@dataclass(slots=True)
class Look:
    """One answer of a kubelet, by container."""

    points: dict[Key, Point] = field(default_factory=dict)


def parse(text: str, now: float) -> Look:
    """Read `/metrics/resource`; lines that nobody asked for are passed over."""
    values: dict[tuple[Key, str], tuple[float, float]] = {}
    for line in text.splitlines():
        if line.startswith(("container_", "node_")) and (found := _LINE.fullmatch(line)):
            _take(found, now, values)
    look = Look()
    for (key, what), (at, cpu) in values.items():
        if what == _CPU and (key, _MEMORY) in values:
            look.points[key] = Point(at, cpu, values[key, _MEMORY][1])
    return look


def _take(
    found: re.Match[str], now: float, values: dict[tuple[Key, str], tuple[float, float]]
) -> None:
    of, _, what = found["name"].partition("_")
    labels: Mapping[str, str] = dict(_LABEL.findall(found["labels"] or ""))
    names = ("namespace", "pod", "container")
    key = tuple(labels.get(name, "") for name in names) if of == "container" else NODE
    try:
        value = float(found["value"])
    except ValueError:
        return
    values[(key[0], key[1], key[2]), what] = (
        int(found["at"]) / 1000 if found["at"] else now,
        value,
    )


def compare(before: Look, after: Look) -> dict[Key, Usage]:
    """The usage of all that was there both times; a counter that fell was started anew."""
    found = {}
    for key, point in after.points.items():
        earlier = before.points.get(key)
        if earlier is None or point.at <= earlier.at or point.cpu < earlier.cpu:
            continue
        window = point.at - earlier.at
        found[key] = Usage(point.at, window, (point.cpu - earlier.cpu) / window, point.memory)
    return found


def containers_of(usages: Mapping[Key, Usage], namespace: str, pod: str) -> dict[str, Usage]:
    """The containers of a pod by name."""
    return {k[2]: u for k, u in usages.items() if k[:2] == (namespace, pod)}


def metadata_of(item: Mapping[str, Object]) -> Object:
    """What the metrics API tells of an object: who it is, and its labels."""
    metadata = item["metadata"]
    kept = ("name", "namespace", "labels", "creationTimestamp")
    return {name: metadata[name] for name in kept if name in metadata}
