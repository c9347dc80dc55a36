"""What containers, pods and nodes use, as the metrics API's server reads it from each node."""

import os
import re
import subprocess
import sys
from typing import Any

import pytest
from real_agent import Node, make_pod, wait_for
from test_kubelet_api import ask

from infctl.lab import pki
from infctl.lab.agent.meter import Meter, Start
from infctl.lab.agent.places import METER_CERTIFICATE, METER_CLIENT
from infctl.lab.agent.usage import Entry, Used, read_entry, read_table, sum_below
from infctl.lab.processes import Process

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
SAMPLE = re.compile(r"(?P<name>\w+)(?:{(?P<labels>[^}]*)})? (?P<value>[-+.e\d]+)(?: \d+)?")
Samples = dict[tuple[str, str], float]


def entry(pid: int, parent: int, spent: float = 0, inherited: float = 0, memory: int = 0) -> Entry:
    return Entry(pid, parent, 7, spent, inherited, memory)


def start(pod: str, container: str, pid: int) -> Start:
    return Start("vision", pod, container, 100.0, Process(pid, 7))


def values(text: str) -> Samples:
    """Samples by name and by the pod and container that they are about."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            sample = SAMPLE.fullmatch(line)
            assert sample, line
            labels = dict(re.findall(r'(\w+)="([^"]*)"', sample["labels"] or ""))
            about = "/".join(labels[k] for k in ("pod", "container") if k in labels)
            found[sample["name"], about] = float(sample["value"])
    return found


def test_a_line_of_the_process_table_is_read_whatever_the_command_is_called() -> None:
    line = "42 (a) b (c)) S 1 42 42 0 -1 4194560 1 1 1 1 200 100 50 25 20 0 1 0 7 9999 3 18446"
    assert read_entry(line) == Entry(42, 1, 7, 300 / TICKS, 75 / TICKS, 3 * PAGE)


def test_a_container_uses_what_descends_from_its_shim_and_what_that_waited_for() -> None:
    table = {
        1: entry(1, 0, spent=1000, memory=1000),
        10: entry(10, 1, spent=50, inherited=2, memory=500),
        11: entry(11, 10, spent=3, memory=30),
        12: entry(12, 11, spent=4, inherited=5, memory=40),
        20: entry(20, 1, memory=9),
    }
    assert sum_below([10, 20, 30], table) == {10: Used(14, 70), 20: Used(), 30: Used()}


def test_our_own_processes_are_in_the_table() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert read_table()[child.pid].parent == os.getpid()
    finally:
        child.communicate(b"\n")


def test_pods_and_nodes_use_what_their_containers_use() -> None:
    used = {
        start("web", "a", 1): Used(1.5, 10),
        start("web", "b", 2): Used(2.0, 20),
        start("db", "a", 3): Used(4.0, 40),
    }
    found = values(Meter().describe(used, 1000.0))
    assert found["container_cpu_usage_seconds_total", "web/a"] == 1.5
    assert found["container_start_time_seconds", "web/b"] == 100.0
    assert found["pod_cpu_usage_seconds_total", "web"] == 3.5
    assert found["pod_memory_working_set_bytes", "db"] == 40
    assert found["node_cpu_usage_seconds_total", ""] == 7.5
    assert found["node_memory_working_set_bytes", ""] == 70


def test_a_counter_never_goes_back_and_a_node_keeps_what_ended_containers_used() -> None:
    meter, first, second = Meter(), start("web", "a", 1), start("web", "a", 2)
    meter.describe({first: Used(5.0, 1)}, 1.0)
    found = values(meter.describe({first: Used(4.0, 1)}, 2.0))
    assert found["container_cpu_usage_seconds_total", "web/a"] == 5.0
    found = values(meter.describe({second: Used(1.0, 1)}, 3.0))
    assert found["container_cpu_usage_seconds_total", "web/a"] == 1.0
    assert found["node_cpu_usage_seconds_total", ""] == 6.0


def test_a_shim_whose_pid_is_somebody_elses_by_now_is_left_out() -> None:
    text = Meter().read([start("web", "a", 10)], {10: Entry(10, 1, 8, 1.0, 1.0, 1)})
    assert ("container_cpu_usage_seconds_total", "web/a") not in values(text)


@pytest.mark.control_plane
def test_a_node_tells_the_meter_what_its_pods_use_and_nothing_else(node: Node, place: str) -> None:
    there: dict[str, Any] = {"nodeName": node.name, "terminationGracePeriodSeconds": 0}
    node.apply(place, make_pod("busy", "while :; do :; done", **there), make_pod("idle", **there))
    node.wait_ready(place, "busy")
    node.wait_ready(place, "idle")
    own = pki.issue(node.lab, METER_CERTIFICATE, common_name=METER_CLIENT, client=True)
    assert ask(node, "/pods", own)[0] == 403

    def has_worked() -> Samples | None:
        status, text = ask(node, "/metrics/resource", own)
        assert status == 200
        found = values(text)
        return found if found["pod_cpu_usage_seconds_total", "busy"] > 0.3 else None

    found = wait_for(has_worked)
    assert found["container_cpu_usage_seconds_total", "idle/main"] < 0.3
    assert found["container_memory_working_set_bytes", "idle/main"] > 2**20
    assert found["node_cpu_usage_seconds_total", ""] > 0.3
