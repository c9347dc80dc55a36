"""Nodes that are killed or frozen: noticed by the real controllers, their pods moved, themselves
back clean."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from real_agent import Node, container, is_ready, wait_for

from infctl.lab import agent
from infctl.lab.agent.losses import held_path, read, wanted_path
from infctl.lab.controlplane.flags import NODE_GRACE_SECONDS, UNREACHABLE_SECONDS
from infctl.lab.errors import LabError
from infctl.lab.supervisor.faults import Faults

pytestmark = [pytest.mark.control_plane, pytest.mark.timeout(120)]
PLACE = "losses"
WHOLE = pytest.mark.skipif(not os.environ.get("INFCTL_WHOLE"), reason="as the kill, once more")
FIRST, SECOND = "eu-west-1-node-1", "eu-west-1-node-2"
SLACK_SECONDS = 10.0
"""What a busy machine may take on top of the controllers' own timings."""


class Pair:
    """A region of two nodes, with the faults that a supervisor would make."""

    def __init__(self, node: Node) -> None:
        self.node = node
        household = node.plane.household
        household.children[node.child.part.name] = node.child
        self._faults = Faults(household)

    def inject(self, kind: str, node: str) -> None:
        target = f"node/eu-west-1/{node}"
        self.node.plane.run(self._faults.inject(f"{kind}-{node}", kind, target, 60.0))

    def heal(self, kind: str, node: str) -> None:
        assert self.node.plane.run(self._faults.heal(f"{kind}-{node}")) == []

    def pods(self, node: str) -> dict[str, dict[str, Any]]:
        """The pods on a node by name, those that are going left out."""
        return {
            p["metadata"]["name"]: p
            for p in self.node.pods(PLACE)
            if p["spec"].get("nodeName") == node and "deletionTimestamp" not in p["metadata"]
        }

    def ready_on(self, node: str) -> int:
        return len([p for p in self.pods(node).values() if is_ready(p)])

    def is_node_ready(self, node: str) -> bool:
        path = "jsonpath={.status.conditions[?(@.type=='Ready')].status}"
        return self.node.plane.kubectl("get", "node", node, "-o", path) == "True"

    def living(self, node: str) -> set[int]:
        return {p.pid for p in agent.processes(self.node.lab, self.node.region, node)}


@pytest.fixture(scope="module")
def pair(fragile: Node) -> Iterator[Pair]:
    found = Pair(fragile)
    fragile.plane.make_namespace(PLACE)
    there = ("-n", PLACE)
    words = ("create", "deployment", "web", "--image=toys/server:1", "--replicas=4")
    fragile.plane.kubectl(*there, *words)
    wait_for(lambda: found.ready_on(FIRST) + found.ready_on(SECOND) == 4)
    yield found
    fragile.plane.kubectl(*there, "delete", "deployment", "web", "--wait=false")
    fragile.plane.remove_namespace(PLACE)
    wait_for(lambda: not fragile.processes())
    del fragile.plane.household.children[fragile.child.part.name]


def test_nodes_stand_in_zones_of_their_own_and_share_the_pods(pair: Pair) -> None:
    listed = json.loads(pair.node.plane.kubectl("get", "nodes", "-o", "json"))["items"]
    zones = {n["metadata"]["labels"]["topology.kubernetes.io/zone"] for n in listed}
    assert zones == {"eu-west-1a", "eu-west-1b"}
    assert pair.ready_on(FIRST) == pair.ready_on(SECOND) == 2
    assert pair.living(FIRST)
    assert not pair.living(FIRST) & pair.living(SECOND)


@pytest.mark.parametrize("kind", ["kill", pytest.param("freeze", marks=WHOLE)])
def test_a_lost_node_is_noticed_its_pods_move_and_it_comes_back_clean(
    pair: Pair, kind: str
) -> None:
    lost, stays = (SECOND, FIRST) if pair.pods(SECOND) else (FIRST, SECOND)
    moved, before = pair.pods(lost), pair.living(lost)
    began = time.monotonic()
    pair.inject(kind, lost)
    assert pair.living(lost) == (before if kind == "freeze" else set())
    assert pair.living(stays) or not pair.pods(stays)
    wait_for(lambda: pair.ready_on(stays) == 4, NODE_GRACE_SECONDS * 3)
    took = time.monotonic() - began
    print(f"from the loss of a node to its pods ready elsewhere: {took:.1f} s")
    assert took < NODE_GRACE_SECONDS + UNREACHABLE_SECONDS + SLACK_SECONDS
    assert not pair.is_node_ready(lost)
    assert pair.node.plane.run(pair.node.child.check()) == "", "its agent is well"
    pair.heal(kind, lost)
    wait_for(lambda: pair.is_node_ready(lost))
    wait_for(lambda: not moved.keys() & {p["metadata"]["name"] for p in pair.node.pods(PLACE)})
    wait_for(lambda: not pair.living(lost))
    assert pair.ready_on(stays) == 4


def test_a_node_that_thaws_in_time_keeps_its_pods(pair: Pair) -> None:
    busy = FIRST if pair.pods(FIRST) else SECOND
    before, pods = pair.living(busy), set(pair.pods(busy))
    pair.inject("freeze", busy)
    assert {_state(pid) for pid in pair.living(busy)} == {"T"}
    logs = pair.node.plane.kubectl("-n", PLACE, "logs", min(pods), "--request-timeout=1s")
    assert "hello from" not in logs
    pair.heal("freeze", busy)
    assert pair.living(busy) == before
    wait_for(lambda: "hello from" in pair.node.plane.kubectl("-n", PLACE, "logs", min(pods)))
    assert set(pair.pods(busy)) == pods
    assert pair.is_node_ready(busy)


def test_an_agent_that_is_killed_meanwhile_leaves_a_frozen_node_as_it_is(pair: Pair) -> None:
    busy = FIRST if pair.pods(FIRST) else SECOND
    before, pods = pair.living(busy), set(pair.pods(busy))
    pair.inject("freeze", busy)
    pair.node.signal(signal.SIGKILL)
    pair.node.start()
    assert read(held_path(pair.node.lab, pair.node.region)) == {busy: "freeze"}
    assert {_state(pid) for pid in pair.living(busy)} == {"T"}
    pair.heal("freeze", busy)
    wait_for(lambda: "hello from" in pair.node.plane.kubectl("-n", PLACE, "logs", min(pods)))
    assert pair.living(busy) == before
    assert set(pair.pods(busy)) == pods


def test_of_two_faults_on_a_node_the_kill_wins_and_the_last_heals(pair: Pair) -> None:
    busy = FIRST if pair.pods(FIRST) else SECOND
    before = pair.pods(busy)
    pair.inject("freeze", busy)
    pair.inject("kill", busy)
    assert not pair.living(busy)
    pair.heal("kill", busy)
    assert read(wanted_path(pair.node.lab, pair.node.region)) == {busy: "freeze"}
    assert not pair.living(busy)
    pair.heal("freeze", busy)
    wait_for(lambda: all(_restarts(p) == 1 and is_ready(p) for p in pair.pods(busy).values()))
    assert pair.pods(busy).keys() == before.keys()


@pytest.mark.parametrize(
    ("kind", "target"), [("kill", "node/eu-west-1/none"), ("kill", f"node/x/{FIRST}")]
)
def test_a_node_that_is_not_there_is_no_target(pair: Pair, kind: str, target: str) -> None:
    with pytest.raises(LabError, match="there is no node/"):
        pair.node.plane.run(pair._faults.inject("x", kind, target, 5.0))


def test_a_node_cannot_be_hurt_in_other_ways(pair: Pair) -> None:
    with pytest.raises(LabError, match=f"node/eu-west-1/{FIRST}"):
        pair.inject("refuse", FIRST)


def _restarts(pod: dict[str, Any]) -> int:
    return int(container(pod)["restartCount"])


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
