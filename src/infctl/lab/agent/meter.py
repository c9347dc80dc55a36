"""What each container, pod and node uses, in the words of the kubelet's `/metrics/resource`."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from infctl.lab.agent.usage import Entry, Used, sum_below
from infctl.lab.processes import Process

CONTENT_TYPE = "text/plain; version=0.0.4"
_KINDS = {
    "container_cpu_usage_seconds_total": "counter",
    "container_memory_working_set_bytes": "gauge",
    "container_start_time_seconds": "gauge",
    "node_cpu_usage_seconds_total": "counter",
    "node_memory_working_set_bytes": "gauge",
    "pod_cpu_usage_seconds_total": "counter",
    "pod_memory_working_set_bytes": "gauge",
}
_HELP = {
    "cpu_usage_seconds_total": "Cumulative cpu time consumed in core-seconds",
    "memory_working_set_bytes": "Current resident memory in bytes, shared pages counted each time",
    "start_time_seconds": "Start time since unix epoch in seconds",
}


@dataclass(frozen=True, slots=True)
class Start:
    """A container that runs: whose it is, when it was started, and the shim that keeps it."""

    namespace: str
    pod: str
    container: str
    started: float
    shim: Process


@dataclass(slots=True)
class Meter:
    """One node's; in its own counter stays what its ended containers used, as far as was read."""

    _seen: dict[Process, float] = field(default_factory=dict)
    _total: float = 0.0

    def read(self, starts: Iterable[Start], table: Mapping[int, Entry]) -> str:
        """The text of the answer, as of now and by that table of processes."""
        living = [s for s in starts if _lives(s.shim, table)]
        used = sum_below([s.shim.pid for s in living], table)
        return self.describe({s: used[s.shim.pid] for s in living}, time.time())

    def describe(self, used: Mapping[Start, Used], at: float) -> str:
        """The same from what is known already."""
        # A counter never goes back, though a process that nobody waits for takes its time along.
        counted = {
            start: Used(max(found.cpu, self._seen.get(start.shim, 0.0)), found.memory)
            for start, found in used.items()
        }
        for start, found in counted.items():
            self._total += found.cpu - self._seen.get(start.shim, 0.0)
        self._seen = {start.shim: found.cpu for start, found in counted.items()}
        node = Used(self._total, sum(found.memory for found in counted.values()))
        return "".join(_expose(counted, node, at))


def _lives(shim: Process, table: Mapping[int, Entry]) -> bool:
    entry = table.get(shim.pid)
    return entry is not None and entry.started == shim.started


def _expose(used: Mapping[Start, Used], node: Used, at: float) -> Iterator[str]:
    pods: dict[tuple[str, str], Used] = {}
    for start, found in used.items():
        key = start.namespace, start.pod
        pods[key] = pods.get(key, Used()) + found
    rows: dict[str, list[tuple[dict[str, str], float]]] = {name: [] for name in _KINDS}
    for start, found in used.items():
        labels = {"container": start.container, "namespace": start.namespace, "pod": start.pod}
        _add(rows, "container", labels, found)
        rows["container_start_time_seconds"].append((labels, start.started))
    _add(rows, "node", {}, node)
    for (namespace, pod), found in pods.items():
        _add(rows, "pod", {"namespace": namespace, "pod": pod}, found)
    for name, kind in _KINDS.items():
        yield f"# HELP {name} {_HELP[name.partition('_')[2]]}\n# TYPE {name} {kind}\n"
        for labels, value in rows[name]:
            yield f"{name}{_write_labels(labels)} {value} {int(at * 1000)}\n"
    yield "# HELP resource_scrape_error 1 if there was an error, 0 otherwise\n"
    yield "# TYPE resource_scrape_error gauge\nresource_scrape_error 0\n"


def _add(
    rows: Mapping[str, list[tuple[dict[str, str], float]]],
    of: str,
    labels: dict[str, str],
    used: Used,
) -> None:
    rows[f"{of}_cpu_usage_seconds_total"].append((labels, used.cpu))
    rows[f"{of}_memory_working_set_bytes"].append((labels, used.memory))


def _write_labels(labels: Mapping[str, str]) -> str:
    # Names of Kubernetes objects hold nothing that JSON would write otherwise.
    inside = ",".join(f"{name}={json.dumps(value)}" for name, value in labels.items())
    return f"{{{inside}}}" if inside else ""
