"""A real control plane with a node agent, a Prometheus and the autoscaler, for this folder."""

import asyncio
import math
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from real_agent import Node, run_node
from real_control_plane import ControlPlane

from infctl.lab import addresses, autoscaler
from infctl.lab.autoscaler.triggers.common import Object
from infctl.lab.processes import Register
from infctl.lab.prometheus import provide
from infctl.lab.readiness import http_ok
from infctl.lab.supervisor.child import Child, State

DEPLOYMENTS = "/apis/apps/v1/namespaces/{}/deployments"
SCALED = "/apis/keda.sh/v1alpha1/namespaces/{}/scaledobjects"
SECONDS = 40.0


class Scaling:
    """The control plane with its autoscaler, and short words for what tests ask of them."""

    def __init__(self, node: Node, prometheus: str) -> None:
        self.node = node
        self.plane: ControlPlane = node.plane
        self.prometheus = prometheus
        lab, region = self.plane.lab, self.plane.region
        autoscaler.prepare(lab, region)
        (part,) = autoscaler.parts(lab, region)
        self._cluster = self.plane.cluster()
        self.child = Child(part, lab.log(part.name), Register(lab.state / "autoscalers.json"))

    def start(self) -> None:
        """Start the autoscaler; returns when it is ready and registered."""
        self.plane.run(self._cluster.__aenter__())
        self.plane.run(self.child.start())
        assert self.child.state is State.READY, self.child.reason

    def end(self, number: int = 9) -> None:
        """Signal the autoscaler and wait for its end."""
        self.plane.run(self._end(number))
        self.plane.run(self._cluster.__aexit__(None, None, None))

    async def _end(self, number: int) -> None:
        self.child.signal(number)
        await self.child.exited(5)

    def get(self, path: str) -> Object:
        """GET as the operator."""
        return self.plane.run(self._cluster.get(path))

    def patch(self, path: str, change: Object) -> None:
        """Merge as the operator."""
        self.plane.run(self._cluster.patch(path, change))

    def create(self, *objects: Object) -> None:
        """Create Deployments and ScaledObjects."""
        for item in objects:
            place = item["metadata"]["namespace"]
            kind = SCALED if item["kind"] == "ScaledObject" else DEPLOYMENTS
            self.plane.run(self._cluster.create(kind.format(place), item))

    def autoscalers(self, place: str) -> dict[str, Object]:
        """The HorizontalPodAutoscalers of a namespace."""
        found = self.get(f"/apis/autoscaling/v2/namespaces/{place}/horizontalpodautoscalers")
        return {item["metadata"]["name"]: item for item in found["items"]}

    def autoscaler(self, place: str, name: str) -> Object:
        """The HorizontalPodAutoscaler of a ScaledObject; empty if there is none."""
        return self.autoscalers(place).get(f"keda-hpa-{name}", {})

    def replicas(self, place: str, name: str) -> int:
        """The replicas that a Deployment wants."""
        return int(self._deployments(place)[name]["spec"]["replicas"])

    def all_replicas(self, place: str) -> dict[str, int]:
        """The replicas that each Deployment of a namespace wants."""
        return {n: int(d["spec"]["replicas"]) for n, d in self._deployments(place).items()}

    def created(self, place: str) -> dict[str, int]:
        """The pods that each Deployment of a namespace has, ready or not."""
        found = self._deployments(place).items()
        return {n: int((d.get("status") or {}).get("replicas") or 0) for n, d in found}

    def managers(self, place: str, name: str) -> set[str]:
        """Who wrote a Deployment's replicas through its scale."""
        fields = self._deployments(place)[name]["metadata"]["managedFields"]
        return {entry["manager"] for entry in fields if entry.get("subresource") == "scale"}

    def _deployments(self, place: str) -> dict[str, Object]:
        found = self.get(DEPLOYMENTS.format(place))
        return {item["metadata"]["name"]: item for item in found["items"]}

    def scaled(self, place: str, name: str) -> Object:
        """A ScaledObject as it is."""
        return self.get(f"{SCALED.format(place)}/{name}")

    def condition(self, place: str, name: str, kind: str) -> tuple[str, str, str]:
        """Status, reason and message of a condition; empty words where it is not there yet."""
        status = self.scaled(place, name).get("status") or {}
        for said in status.get("conditions") or ():
            if said["type"] == kind:
                return said["status"], said["reason"], said["message"]
        return "", "", ""

    def query(self, place: str, name: str, query: str) -> None:
        """Give a ScaledObject's only trigger another query."""
        item = self.scaled(place, name)
        item["spec"]["triggers"][0]["metadata"]["query"] = query
        change = {"spec": {"triggers": item["spec"]["triggers"]}}
        self.patch(f"{SCALED.format(place)}/{name}", change)

    def events(self, place: str) -> list[tuple[str, str, str]]:
        """Name of the object, reason and message of each event."""
        found = self.get(f"/api/v1/namespaces/{place}/events")["items"]
        return [(e["involvedObject"]["name"], e["reason"], e["message"]) for e in found]


def formula(current: int, value: float, target: float, *, most: int, least: int = 1) -> int:
    """What the Kubernetes documentation says an autoscaler wants of a value over all pods.

    desired = ceil(current x value of one pod / target), unless that ratio is within 0.1 of 1.
    """
    ratio = value / current / target
    wanted = current if abs(ratio - 1) <= 0.1 else math.ceil(current * ratio)
    return min(max(wanted, least), most)


def deployment(name: str, replicas: int, *, runs: bool = False, command: str = "") -> Object:
    """A Deployment; without `runs` its pods fit no node and stay pending."""
    shell = {"image": "toys/shell:1", "args": ["-c", command]}
    container: Object = {"name": "main", "image": "toys/server:1", **(shell if command else {})}
    container["resources"] = {"requests": {"cpu": "20m", "memory": "16Mi"}}
    spec: Object = {"automountServiceAccountToken": False, "containers": [container]}
    if not runs:
        spec["nodeSelector"] = {"there-is": "none"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": spec},
        },
    }


def until(condition: Callable[[], Any], what: Callable[[], Any], seconds: float = SECONDS) -> Any:
    """What `condition` says once it says something; AssertionError with `what` otherwise."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.3)
    raise AssertionError(f"not within {seconds:g} s: {what()}")


@contextmanager
def run_prometheus(folder: Path, host: str) -> Iterator[str]:
    """A Prometheus that scrapes nothing: its queries are all constants."""
    (folder / "prometheus.yml").write_text("{}")
    address = f"{host}:{addresses.METRICS_PORT}"
    argv = [
        str(provide.binary()),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
    ]
    with (folder / "log").open("w") as log, subprocess.Popen(argv, stderr=log) as process:
        try:
            ready = http_ok(f"http://{address}/-/ready")
            until(lambda: not asyncio.run(_ask(ready)), (folder / "log").read_text)
            yield f"http://{address}"
        finally:
            process.kill()


async def _ask(check: Any) -> str:
    return str(await check())


@contextmanager
def run_scaling(state: Path, folder: Path) -> Iterator[Scaling]:
    """All of it, ready; nothing of it runs after the block."""
    with run_node(state) as node:
        host = node.lab.inner(node.region, "metrics")
        with run_prometheus(folder, host) as prometheus:
            found = Scaling(node, prometheus)
            try:
                found.start()
                yield found
            finally:
                found.end()
