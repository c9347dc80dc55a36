"""The objects that make a node: what the kubelet writes of itself; pure."""

import platform
from collections.abc import Sequence

from infctl.lab import addresses
from infctl.lab.agent.facts import Object
from infctl.lab.agent.status import timestamp

CAPACITY = {"cpu": "16", "memory": "64Gi", "pods": "190", "ephemeral-storage": "100Gi"}
"""Declared, not measured: the lab's nodes share one machine, and the scheduler needs numbers."""
LEASE_SECONDS = 16
BEAT_SECONDS = 4.0
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
_PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure")
_FEATURES = ["ExtendWebSocketsToKubelet"]


def make_node(name: str, region: str, number: int) -> Object:
    """A node's object; its zone is the region's first, second, and so on."""
    machine = platform.machine()
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": _MACHINES.get(machine, machine),
                "node.kubernetes.io/instance-type": "lab",
                "topology.kubernetes.io/region": region,
                "topology.kubernetes.io/zone": f"{region}{chr(ord('a') + (number - 1) % 26)}",
            },
        },
    }


def make_node_status(name: str, address: str, at: float, before: Object) -> Object:
    """A healthy node's status; `before` is what the API server holds, whose dates are kept."""
    known = {c["type"]: c for c in before.get("conditions") or ()}
    wanted = [("Ready", "True", "KubeletReady", "the lab's node agent takes pods")]
    wanted += [(kind, "False", "Shared", "not measured in the lab") for kind in _PRESSURES]
    return {
        "capacity": CAPACITY,
        "allocatable": CAPACITY,
        "addresses": [
            {"type": "InternalIP", "address": address},
            {"type": "Hostname", "address": name},
        ],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": addresses.AGENT_PORT}},
        "declaredFeatures": _FEATURES,
        "nodeInfo": _node_info(),
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


def _node_info() -> Object:
    machine = platform.machine()
    return {
        "machineID": "",
        "systemUUID": "",
        "bootID": "",
        "kernelVersion": platform.release(),
        "osImage": "processes of this machine",
        "containerRuntimeVersion": "infctl://1",
        "kubeletVersion": "v1.37.2",
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
