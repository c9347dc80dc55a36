"""Which volumes keep a pod from starting, and what a node says of itself."""

from typing import Any

import pytest

from infctl.lab.agent.events import is_told
from infctl.lab.agent.nodes import NodePlace, is_ready, make_node, make_node_status, pods_per_node
from infctl.lab.agent.probing import port_number
from infctl.lab.agent.volumes import absent_paths, blocking_volumes

TOKEN = {"name": "kube-api-access-x1", "projected": {"sources": []}}


@pytest.mark.parametrize(
    ("volumes", "blocked"),
    [
        ([], []),
        ([{"name": "tmp", "emptyDir": {}}, TOKEN], []),
        ([{"name": "data", "hostPath": {"path": "/"}}], ["data (hostPath)"]),
        ([{"name": "settings", "configMap": {"name": "x"}}], ["settings (configMap)"]),
        ([{"name": "all", "projected": {"sources": []}}], ["all (projected)"]),
    ],
)
def test_volumes_that_the_lab_cannot_give_block(
    volumes: list[dict[str, Any]], blocked: list[str]
) -> None:
    assert blocking_volumes({"volumes": volumes}) == blocked


def test_paths_that_are_not_there_are_named_once() -> None:
    mounts = {"volumeMounts": [{"mountPath": "/b"}, {"mountPath": "/a"}]}
    assert absent_paths({"containers": [mounts, mounts]}) == ["/a", "/b"]


PLACE = NodePlace("eu-west-1-node-2", "127.20.1.33", "eu-west-1", 2, pods=60)


def test_a_node_tells_its_place_and_its_kubelet() -> None:
    node = make_node(PLACE)
    assert node["metadata"]["labels"]["topology.kubernetes.io/zone"] == "eu-west-1b"
    status = make_node_status(PLACE, "v1.37.2", 100.0, {})
    assert status["addresses"][0] == {"type": "InternalIP", "address": "127.20.1.33"}
    assert status["daemonEndpoints"]["kubeletEndpoint"]["Port"] == 10250
    assert status["allocatable"]["pods"] == "60"
    assert is_ready({"status": status})


@pytest.mark.parametrize(("nodes", "pods"), [(1, 191), (3, 63)])
def test_nodes_take_no_more_pods_than_there_are_addresses(nodes: int, pods: int) -> None:
    assert pods_per_node(nodes) == pods


def test_a_node_that_the_controller_gave_up_becomes_ready_with_a_new_date() -> None:
    lost = {"type": "Ready", "status": "Unknown", "lastTransitionTime": "2020-01-01T00:00:00Z"}
    assert not is_ready({"status": {"conditions": [lost]}})
    status = make_node_status(PLACE, "v1.37.2", 100.0, {"conditions": [lost]})
    assert status["conditions"][0]["lastTransitionTime"] == "1970-01-01T00:01:40Z"
    assert status["conditions"][0]["status"] == "True"


def test_repeated_events_are_written_ever_more_rarely() -> None:
    assert [n for n in range(1, 100) if is_told(n)] == [*range(1, 11), 16, 32, 64]


@pytest.mark.parametrize(("port", "number"), [(80, 80), ("81", 81), ("http", 8080)])
def test_a_probes_port_is_a_number_or_a_name(port: str | int, number: int) -> None:
    assert port_number({"ports": [{"name": "http", "containerPort": 8080}]}, port) == number


def test_a_port_without_that_name_is_an_error() -> None:
    with pytest.raises(ValueError, match="no port named grpc"):
        port_number({}, "grpc")
