"""A real control plane with a node agent of toy images, started as the supervisor starts both."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from real_control_plane import KUBECTL as KUBECTL
from real_control_plane import ControlPlane, run_control_plane

from infctl.lab import agent, processes
from infctl.lab.processes import Register
from infctl.lab.supervisor.child import Child, State

TOY = Path(__file__).with_name("toy_agent.py")
SECONDS = 20.0


class Node:
    """The control plane, its agent, and short words for what tests ask of them."""

    def __init__(self, plane: ControlPlane) -> None:
        self.plane = plane
        self.lab, self.region = plane.lab, plane.region
        self.name = f"{plane.region.name}-node-1"
        agent.prepare(self.lab, self.region)
        (part,) = agent.parts(self.lab, self.region)
        argv = (sys.executable, str(TOY), str(self.lab.state), self.region.name)
        register = Register(self.lab.state / "agents.json")
        self.child = Child(replace(part, argv=argv), self.lab.log(part.name), register)

    def start(self) -> None:
        """Start the agent; returns when it is ready."""
        self.plane.run(self.child.start())
        assert self.child.state is State.READY, self.child.reason

    def signal(self, number: int) -> None:
        """Signal the agent and nothing else, and wait for its end if it was killed."""
        self.plane.run(self._signal(number))

    async def _signal(self, number: int) -> None:
        self.child.signal(number)
        await self.child.exited(5)

    def processes(self) -> list[processes.Process]:
        """The living processes of all pods."""
        return agent.processes(self.lab, self.region)

    def apply(self, namespace: str, *objects: dict[str, Any]) -> None:
        """Create objects through the API."""
        self.plane.run(self._apply(namespace, objects))

    async def _apply(self, namespace: str, objects: tuple[dict[str, Any], ...]) -> None:
        plural = {"Pod": "pods", "ConfigMap": "configmaps", "Secret": "secrets"}
        async with self.plane.cluster() as cluster:
            for item in objects:
                path = f"/api/v1/namespaces/{namespace}/{plural[item['kind']]}"
                await cluster.create(path, {"apiVersion": "v1", **item})

    def pods(self, namespace: str) -> list[dict[str, Any]]:
        """The pods of a namespace."""

        async def read() -> list[dict[str, Any]]:
            async with self.plane.cluster() as cluster:
                found = await cluster.get(f"/api/v1/namespaces/{namespace}/pods")
                return list(found["items"])

        return self.plane.run(read())

    def pod(self, namespace: str, name: str) -> dict[str, Any]:
        """A pod; empty if it is gone."""
        found = [p for p in self.pods(namespace) if p["metadata"]["name"] == name]
        return found[0] if found else {}

    def wait_pod(
        self, namespace: str, name: str, condition: Callable[[dict[str, Any]], Any]
    ) -> dict[str, Any]:
        """Wait until a pod is as wanted."""
        last: dict[str, Any] = {}

        def look() -> dict[str, Any] | None:
            nonlocal last
            last = self.pod(namespace, name)
            return (last or {"gone": True}) if condition(last) else None

        try:
            return dict(wait_for(look))
        except AssertionError:
            raise AssertionError(f"not within the deadline: {json.dumps(last, indent=1)}") from None

    def wait_ready(self, namespace: str, name: str) -> dict[str, Any]:
        """Wait until a pod is ready."""
        return self.wait_pod(namespace, name, is_ready)

    def events(self, namespace: str) -> list[tuple[str, str]]:
        """Reason and message of each event."""

        async def read() -> list[tuple[str, str]]:
            async with self.plane.cluster() as cluster:
                found = await cluster.get(f"/api/v1/namespaces/{namespace}/events")
                return [(e["reason"], e["message"]) for e in found["items"]]

        return self.plane.run(read())

    def scratch(self, pod: dict[str, Any]) -> Path:
        """The home of a pod's containers."""
        uid: str = pod["metadata"]["uid"]
        return self.lab.folder(self.region) / "pods" / uid / "scratch"


def is_ready(pod: dict[str, Any]) -> bool:
    conditions = pod.get("status", {}).get("conditions") or ()
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def container(pod: dict[str, Any]) -> dict[str, Any]:
    """The status of a pod's first container."""
    statuses = pod.get("status", {}).get("containerStatuses") or [{}]
    return dict(statuses[0])


def state_of(pod: dict[str, Any]) -> dict[str, Any]:
    """The state of a pod's first container: waiting, running or terminated."""
    return dict(container(pod).get("state") or {})


def make_pod(name: str, *command: str, image: str = "toys/server:1", **spec: Any) -> dict[str, Any]:
    """A pod of one container."""
    own: dict[str, Any] = {"name": "main", "image": image, **spec.pop("container", {})}
    if command:
        own |= {"image": "toys/shell:1", "args": ["-c", *command]}
    return {
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {"automountServiceAccountToken": False, "containers": [own], **spec},
    }


def wait_for(condition: Callable[[], Any], seconds: float = SECONDS) -> Any:
    """What `condition` says, once it says something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError("not within the deadline")


@contextmanager
def run_node(state: Path) -> Iterator[Node]:
    """A region with a ready node; nothing of it runs after the block."""
    with run_control_plane(state) as plane:
        node = Node(plane)
        try:
            node.start()
            yield node
        finally:
            node.signal(9)
            assert processes.kill(node.processes()) == []
