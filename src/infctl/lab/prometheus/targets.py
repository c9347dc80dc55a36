"""Finds a region's pods for its Prometheus, and writes them into the file that it watches.

Distributions build Prometheus without discovery through the Kubernetes API, so this small process
stands in: it follows the pods that infctl deployed and writes their metrics ports.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from infctl.lab import addresses
from infctl.lab.cluster import Cluster

Object = dict[str, Any]

SELECTOR = "app.kubernetes.io/managed-by=infctl"
PORT_NAME = "metrics"


def make_targets(pods: Iterable[Mapping[str, Any]]) -> list[Object]:
    """A group of targets for each running pod that has a port named `metrics`. Pure."""
    found = []
    for pod in pods:
        status, metadata = pod.get("status", {}), pod["metadata"]
        address, port = status.get("podIP"), _port(pod)
        if status.get("phase") != "Running" or not address or not port:
            continue
        labels = {"namespace": metadata["namespace"], "pod": metadata["name"]}
        if track := metadata.get("labels", {}).get("infctl.dev/track"):
            labels["track"] = track
        # A pod is known as 239.x.y.z and listens on 127.x.y.z.
        found.append({"targets": [f"{addresses.listens_on(address)}:{port}"], "labels": labels})
    return sorted(found, key=lambda group: str(group["targets"]))


def _port(pod: Mapping[str, Any]) -> int:
    containers = pod.get("spec", {}).get("containers", [])
    ports = (p for c in containers for p in c.get("ports", []))
    return next((int(p["containerPort"]) for p in ports if p.get("name") == PORT_NAME), 0)


def write_targets(path: Path, targets: list[Object]) -> None:
    """Replace the file in one step: Prometheus never reads half of it."""
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps(targets))
    temporary.replace(path)


def listed_file(targets: Path) -> Path:
    """Is there once the pods were listed."""
    return targets.with_name("listed")


async def follow(cluster: Cluster, path: Path) -> None:
    """Write the file anew after each change, for ever."""
    pods: dict[str, Object] = {}
    written: list[Object] | None = None
    async for kind, found in cluster.watch("/api/v1/pods", labelSelector=SELECTOR):
        if kind == "LISTED":
            pods = {item["metadata"]["uid"]: item for item in found.get("items") or []}
            listed_file(path).touch()
        elif kind == "DELETED":
            pods.pop(found["metadata"]["uid"], None)
        else:
            pods[found["metadata"]["uid"]] = found
        targets = make_targets(pods.values())
        if targets != written:
            write_targets(path, targets)
            written = targets
