"""What is used, reckoned from two answers of a kubelet."""

import pytest

from infctl.lab.autoscaler.kubelets import address_of
from infctl.lab.autoscaler.usage import NODE, compare, containers_of, parse

TEXT = """# HELP container_cpu_usage_seconds_total Cumulative cpu time
# TYPE container_cpu_usage_seconds_total counter
container_cpu_usage_seconds_total{{container="main",namespace="vision",pod="a"}} {cpu} {at}
container_memory_working_set_bytes{{container="main",namespace="vision",pod="a"}} 2.048e+06 {at}
container_start_time_seconds{{container="main",namespace="vision",pod="a"}} 1.5 {at}
pod_cpu_usage_seconds_total{{namespace="vision",pod="a"}} {cpu} {at}
node_cpu_usage_seconds_total {cpu} {at}
node_memory_working_set_bytes 4096 {at}
resource_scrape_error 0
container_cpu_usage_seconds_total{{container="broken" nonsense
"""
KEY = ("vision", "a", "main")


def test_the_rate_is_that_between_two_looks() -> None:
    first = parse(TEXT.format(cpu=10.0, at=100_000), now=0)
    second = parse(TEXT.format(cpu=12.5, at=105_000), now=0)
    found = compare(first, second)
    assert set(found) == {KEY, NODE}
    assert (found[KEY].window, found[KEY].cores) == (5.0, 0.5)
    assert found[KEY].describe() == {"cpu": "500000000n", "memory": "2000Ki"}
    assert containers_of(found, "vision", "a") == {"main": found[KEY]}
    assert containers_of(found, "vision", "b") == {}


@pytest.mark.parametrize(
    ("cpu", "at"), [(9.0, 105_000), (12.5, 100_000)], ids=["fell", "no time passed"]
)
def test_a_counter_that_fell_or_stood_in_time_says_nothing(cpu: float, at: int) -> None:
    first = parse(TEXT.format(cpu=10.0, at=100_000), now=0)
    assert compare(first, parse(TEXT.format(cpu=cpu, at=at), now=0)) == {}


def test_without_a_moment_of_its_own_a_line_is_of_now() -> None:
    look = parse("node_cpu_usage_seconds_total 3\nnode_memory_working_set_bytes 1\n", now=7.0)
    assert look.points[NODE].at == 7.0


@pytest.mark.parametrize("text", ["", "\x00\xff", "node_cpu_usage_seconds_total NaNNa", "{" * 9999])
def test_nonsense_is_nothing(text: str) -> None:
    assert parse(text, now=0).points == {}


def test_a_kubelet_is_where_its_node_says() -> None:
    node = {
        "status": {
            "addresses": [{"type": "InternalIP", "address": "127.16.1.32"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        }
    }
    assert address_of(node) == "127.16.1.32:10250"
    assert address_of({"status": {"daemonEndpoints": {"kubeletEndpoint": {"Port": 0}}}}) == ""
