"""A node lost in a region that serves: its pods move, the region is well, the node is back."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from living import Living, until

from infctl.clients.fault_injector import FaultInjector
from infctl.lab.agent import processes

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not os.environ.get("INFCTL_WHOLE"), reason="tried on a small region, too"),
]
REGION = "eu-west-1"


class Lost:
    """The region's nodes, and a fault that takes one of them."""

    def __init__(self, living: Living) -> None:
        self.lab = living.lab()
        self.faults = FaultInjector(self.lab.admin_socket)

    def read(self, *words: str) -> list[dict[str, Any]]:
        """Objects, as kubectl lists them."""
        kubectl = str(Path(sys.executable).with_name("kubectl"))
        where = ("--kubeconfig", str(self.lab.kubeconfig), "--context", REGION, "-n", "vision")
        argv = [kubectl, *where, "get", *words, "-o", "json"]
        done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=30)
        return list(json.loads(done.stdout)["items"])

    def ready_beside(self, node: str) -> int:
        """How many ready pods stand on other nodes."""
        return len([p for p in self.read("pods") if p["spec"]["nodeName"] != node and _is_ready(p)])

    def is_back(self, node: str, moved: set[str]) -> bool:
        """Whether the node is ready, and none of the pods that moved is left."""
        (found,) = (n for n in self.read("nodes") if n["metadata"]["name"] == node)
        left = moved & {p["metadata"]["name"] for p in self.read("pods")}
        return _is_ready(found) and not left


def _is_ready(item: dict[str, Any]) -> bool:
    conditions = item["status"].get("conditions") or ()
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def test_a_region_is_healthy_without_the_node_it_lost(living: Living) -> None:
    lost, region = Lost(living), living.lab().region(REGION)
    pods = lost.read("pods")
    node = pods[-1]["spec"]["nodeName"]
    moved = {p["metadata"]["name"] for p in pods if p["spec"]["nodeName"] == node}
    target = f"node/{REGION}/{node}"
    fault = asyncio.run(lost.faults.inject("lost-node", "kill", target, 200.0))
    assert fault.target == target
    try:
        assert not processes(lost.lab, region, node)
        until(lambda: lost.ready_beside(node) >= len(pods), 90, "the pods serve elsewhere")
        until(lambda: living.regions()[REGION]["state"] == "healthy", 30, "the region is healthy")
    finally:
        asyncio.run(lost.faults.heal("lost-node"))
    until(lambda: lost.is_back(node, moved), 40, "the node is back, and clean")
    assert not processes(lost.lab, region, node)
