"""Clusters that must behave alike: one in memory, and the real client against a real API server."""

import json
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from real_control_plane import ControlPlane

from infctl.clients.cluster import KubernetesCluster
from infctl.fakes.cluster import FakeCluster
from infctl.ports.cluster import CONFIG_MAP, DISRUPTION_BUDGET, POD, Cluster

Object = dict[str, Any]


@dataclass
class Subject:
    """A cluster with an empty namespace; `apply_as` is the hand of another field manager.

    `report` writes the status of a pod, as a kubelet does.
    """

    cluster: Cluster
    namespace: str
    apply_as: Callable[[str, Object], Awaitable[Any]]
    report: Callable[[str, Object], Awaitable[Any]]

    def config(self, name: str, labels: dict[str, str] | None = None, **data: str) -> Object:
        """A ConfigMap, which nothing but its writers ever touches."""
        metadata: Object = {"name": name, "namespace": self.namespace}
        return {
            "apiVersion": CONFIG_MAP.api_version,
            "kind": CONFIG_MAP.kind,
            "metadata": metadata | ({"labels": labels} if labels else {}),
            "data": data,
        }

    def deployment(self, name: str, replicas: int, image: str = "infctl.dev/none:1") -> Object:
        """A Deployment of pods that no node will ever run."""
        labels = {"app": name}
        container = {"name": "server", "image": image}
        pod = {"nodeSelector": {"infctl.dev/none": "true"}, "containers": [container]}
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": pod},
            },
        }

    def pod(self, name: str, labels: dict[str, str]) -> Object:
        """A pod that no node will ever run."""
        return {
            "apiVersion": POD.api_version,
            "kind": POD.kind,
            "metadata": {"name": name, "namespace": self.namespace, "labels": labels},
            "spec": {
                "nodeSelector": {"infctl.dev/none": "true"},
                "containers": [{"name": "server", "image": "infctl.dev/none:1"}],
            },
        }

    def budget(self, name: str, labels: dict[str, str], least: int) -> Object:
        """A disruption budget over the pods with these labels."""
        return {
            "apiVersion": DISRUPTION_BUDGET.api_version,
            "kind": DISRUPTION_BUDGET.kind,
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": {"minAvailable": least, "selector": {"matchLabels": labels}},
        }


READY = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
"""The status of a pod that serves."""


async def fake_subject() -> Subject:
    """In memory."""
    cluster = FakeCluster("eu-west-1")
    name = f"test-{uuid.uuid4().hex[:8]}"
    await cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})

    async def apply_as(manager: str, manifest: Object) -> Object:
        return await cluster.apply_as(manager, manifest, force=True)

    async def report(pod: str, status: Object) -> Object:
        return await cluster.write_status(POD, pod, name, status)

    return Subject(cluster, name, apply_as, report)


def real_subject(plane: ControlPlane, namespace: str) -> Subject:
    """The official client, as the lab's operator; others write through the lab's own client."""
    cluster = KubernetesCluster(plane.region.name, plane.kubeconfig, plane.region.name)

    async def apply_as(manager: str, manifest: Object) -> Object:
        group, name = manifest["apiVersion"], manifest["metadata"]["name"]
        root = "/apis" if "/" in group else "/api"
        plural = f"{manifest['kind'].lower()}s"
        path = f"{root}/{group}/namespaces/{namespace}/{plural}/{name}"
        async with plane.cluster() as other:
            return await other.apply(path, manifest, manager=manager)

    async def report(pod: str, status: Object) -> Object:
        async with plane.cluster() as other:
            path = f"/api/v1/namespaces/{namespace}/pods/{pod}/status"
            return await other.patch(path, {"status": status})

    return Subject(cluster, namespace, apply_as, report)


def viewing(plane: ControlPlane, folder: Path) -> KubernetesCluster:
    """The official client as the lab's viewer, who may only look."""
    user = {"name": "viewer", "user": {"token": plane.token("viewer")}}
    server = {"server": plane.url, "certificate-authority": str(plane.ca)}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "one", "cluster": server}],
        "users": [user],
        "contexts": [{"name": "viewing", "context": {"cluster": "one", "user": "viewer"}}],
    }
    path = folder / "viewer.kubeconfig"
    path.write_text(json.dumps(config))
    path.chmod(0o600)
    return KubernetesCluster(plane.region.name, path, "viewing")
