"""The objects that make a node: what the kubelet writes of itself; pure."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass

from infctl.lab import addresses
from infctl.lab.agent.facts import Object
from infctl.lab.agent.status import timestamp

CAPACITY = {"cpu": "16", "memory": "64Gi", "ephemeral-storage": "100Gi"}
"""Declared, not measured: the lab's nodes share one machine, and the scheduler needs numbers."""
LEASE_SECONDS = 10
BEAT_SECONDS = 2.0
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
_PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure")
_FEATURES = ["ExtendWebSocketsToKubelet"]


@dataclass(frozen=True, slots=True)
class NodePlace:
    """Where a node is; numbers start at 1. `pods` is how many it takes."""

    name: str
    address: str
    region: str
    number: int
    pods: int

    @property
    def zone(self) -> str:
        """The region's first zone, its second, and so on."""
        return f"{self.region}{chr(ord('a') + (self.number - 1) % 26)}"


def make_node(place: NodePlace) -> Object:
    """A node's object."""
    machine = platform.machine()
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": place.name,
            "labels": {
                "kubernetes.io/hostname": place.name,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": _MACHINES.get(machine, machine),
                "node.kubernetes.io/instance-type": "lab",
                "topology.kubernetes.io/region": place.region,
                "topology.kubernetes.io/zone": place.zone,
            },
        },
    }


def pods_per_node(nodes: int) -> int:
    """How many pods each of a region's nodes takes, so that their addresses suffice."""
    return (addresses.LAST_POD - addresses.FIRST_POD + 1) // nodes


def make_node_status(place: NodePlace, version: str, at: float, before: Object) -> Object:
    """A healthy node's status; `before` is what the API server holds, whose dates are kept."""
    capacity = {**CAPACITY, "pods": str(place.pods)}
    known = {c["type"]: c for c in before.get("conditions") or ()}
    wanted = [("Ready", "True", "KubeletReady", "the lab's node agent takes pods")]
    wanted += [(kind, "False", "Shared", "not measured in the lab") for kind in _PRESSURES]
    return {
        "capacity": capacity,
        "allocatable": capacity,
        "addresses": [
            {"type": "InternalIP", "address": place.address},
            {"type": "Hostname", "address": place.name},
        ],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": addresses.AGENT_PORT}},
        "declaredFeatures": _FEATURES,
        "nodeInfo": _node_info(version),
        "conditions": [_condition(c, at, known.get(c[0])) for c in wanted],
    }


def _condition(told: Sequence[str], at: float, before: Object | None) -> Object:
    kind, status, reason, message = told
    same = before and before.get("status") == status
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastHeartbeatTime": timestamp(at),
        "lastTransitionTime": before["lastTransitionTime"] if before and same else timestamp(at),
    }


def _node_info(version: str) -> Object:
    machine = platform.machine()
    return {
        "machineID": "",
        "systemUUID": "",
        "bootID": "",
        "kernelVersion": platform.release(),
        "osImage": "processes of this machine",
        "containerRuntimeVersion": "infctl://1",
        "kubeletVersion": version,
        "kubeProxyVersion": "",
        "operatingSystem": "linux",
        "architecture": _MACHINES.get(machine, machine),
    }


def is_ready(node: Object) -> bool:
    """Whether the API server holds a node for ready."""
    conditions = (node.get("status") or {}).get("conditions") or ()
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def make_lease(node: Object, renewed: str) -> Object:
    """A node's Lease, which goes with its node."""
    name = node["metadata"]["name"]
    owner = {
        "apiVersion": "v1",
        "kind": "Node",
        "name": name,
        "uid": node["metadata"]["uid"],
    }
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name, "namespace": "kube-node-lease", "ownerReferences": [owner]},
        "spec": {
            "holderIdentity": name,
            "leaseDurationSeconds": LEASE_SECONDS,
            "renewTime": renewed,
        },
    }
