"""An agent that is killed, an API server that restarts, a region whose processes are all killed."""

import shutil
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from real_agent import Node, container, is_ready, make_pod, wait_for

from infctl.lab import agent, processes
from infctl.lab.agent.parts import why_not_ready
from infctl.lab.supervisor.child import State

pytestmark = pytest.mark.control_plane
PROBED: dict[str, Any] = {
    "ports": [{"name": "http", "containerPort": 8080}],
    "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 1},
}


@pytest.fixture
def home(fragile: Node, request: pytest.FixtureRequest) -> Iterator[str]:
    name = f"f-{abs(hash(request.node.nodeid)) % 10**10}"
    fragile.plane.make_namespace(name)
    yield name
    fragile.start()
    fragile.plane.kubectl("-n", name, "delete", "pods", "--all", "--wait=false")
    fragile.plane.remove_namespace(name)
    wait_for(lambda: not fragile.processes())


def pids(node: Node) -> set[int]:
    return {p.pid for p in node.processes()}


def test_a_killed_agent_leaves_its_pods_and_the_next_one_takes_them_over(
    fragile: Node, home: str
) -> None:
    node = fragile
    node.apply(home, make_pod("stays", container=PROBED), make_pod("goes", container=PROBED))
    stays = node.wait_ready(home, "stays")
    goes = node.wait_ready(home, "goes")
    before = pids(node)
    assert len(before) == 4, "two containers and their shims"
    node.signal(signal.SIGKILL)
    assert node.child.state is State.DEAD
    assert pids(node) == before, "a pod outlives its agent"
    node.plane.kubectl("-n", home, "delete", "pod", "goes", "--force", "--grace-period=0")
    node.start()
    wait_for(lambda: len(pids(node)) == 2)
    assert pids(node) < before, "the same processes"
    assert not node.scratch(goes).parent.exists()
    now = node.pod(home, "stays")
    assert is_ready(now)
    assert container(now)["restartCount"] == 0
    assert container(now)["containerID"] == container(stays)["containerID"]
    # Its probes are made by the new agent.
    (node.scratch(stays) / "ready.bad").touch()
    node.wait_pod(home, "stays", lambda p: not is_ready(p))


def test_a_container_that_ended_while_no_agent_looked_is_told_and_restarted(
    fragile: Node, home: str
) -> None:
    node = fragile
    node.apply(home, make_pod("web", "echo up; sleep 1; exit 9"))
    node.wait_pod(home, "web", is_ready)
    node.signal(signal.SIGKILL)
    wait_for(lambda: not node.processes())
    node.start()
    pod = node.wait_pod(home, "web", lambda p: container(p).get("restartCount", 0) >= 1)
    assert container(pod)["lastState"]["terminated"]["exitCode"] == 9


def test_pods_killed_with_their_whole_region_are_ready_again_in_seconds(
    fragile: Node, home: str
) -> None:
    node = fragile
    node.apply(home, make_pod("web", container=PROBED))
    before = node.wait_ready(home, "web")
    node.plane.stop()
    node.signal(signal.SIGKILL)
    assert processes.kill(node.processes()) == []
    node.plane.start()
    node.start()
    pod = node.wait_pod(home, "web", lambda p: is_ready(p) and container(p)["restartCount"] == 1)
    assert pod["metadata"]["uid"] == before["metadata"]["uid"]
    assert pod["status"]["podIP"] == before["status"]["podIP"]
    assert container(pod)["lastState"]["terminated"]["exitCode"] == 137


def test_an_api_server_that_restarts_finds_pods_as_they_are_by_then(
    fragile: Node, home: str
) -> None:
    node = fragile
    ready = {**PROBED["readinessProbe"], "failureThreshold": 1}
    node.apply(home, make_pod("web", container={**PROBED, "readinessProbe": ready}))
    pod = node.wait_ready(home, "web")
    before = pids(node)
    node.plane.stop()
    (node.scratch(pod) / "ready.bad").touch()
    node.plane.start()
    node.wait_pod(home, "web", lambda p: p and not is_ready(p))
    (node.scratch(pod) / "ready.bad").unlink()
    node.wait_ready(home, "web")
    assert before <= pids(node)


def test_a_region_that_lost_its_data_gets_its_node_back_and_no_pod_lives_on(
    fragile: Node, home: str
) -> None:
    node = fragile
    node.apply(home, make_pod("web", container=PROBED))
    node.wait_ready(home, "web")
    node.plane.stop()
    shutil.rmtree(node.lab.folder(node.region) / "etcd")
    (node.lab.folder(node.region) / "etcd").mkdir(mode=0o700)
    node.plane.start()
    ready = "jsonpath={.status.conditions[?(@.type=='Ready')].status}"
    wait_for(lambda: node.plane.kubectl("get", "node", node.name, "-o", ready) == "True")
    wait_for(lambda: not node.processes())
    node.plane.make_namespace("anew")
    node.apply("anew", make_pod("web", container=PROBED))
    node.wait_ready("anew", "web")
    node.plane.remove_namespace("anew")


def test_a_deleted_node_registers_again(fragile: Node) -> None:
    fragile.plane.kubectl("delete", "node", fragile.name)
    ready = "jsonpath={.status.conditions[?(@.type=='Ready')].status}"
    wait_for(lambda: fragile.plane.kubectl("get", "node", fragile.name, "-o", ready) == "True")


def test_the_part_is_ready_only_while_its_agent_renews_its_nodes(fragile: Node) -> None:
    (part,) = agent.parts(fragile.lab, fragile.region)
    assert fragile.plane.run(fragile.child.check()) == ""
    marker = fragile.lab.folder(fragile.region) / "agent.json"
    late = marker.stat().st_mtime + 60
    assert "60 s ago" in why_not_ready(marker, late)
    fragile.signal(signal.SIGKILL)
    assert fragile.plane.run(fragile.child.check()) == "its nodes are not registered yet"
    fragile.start()
    assert part.name == "agent-eu-west-1"
