"""Finds pods that infctl deployed and that no monitor scrapes, for the region's Prometheus."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from infctl.lab import addresses
from infctl.lab.following import Object
from infctl.lab.prometheus.scraping import MANAGER, MANAGER_LABEL

PORT_NAME = "metrics"


def make_targets(pods: Iterable[Mapping[str, Any]], covered: Collection[str] = ()) -> list[Object]:
    """A group of targets for each running pod of infctl that has a port named `metrics`. Pure.

    `covered` are the addresses that monitors scrape already: nothing is counted twice.
    """
    found = []
    for pod in pods:
        status, metadata = pod.get("status", {}), pod["metadata"]
        own = metadata.get("labels") or {}
        address, port = status.get("podIP"), _port(pod)
        if own.get(MANAGER_LABEL) != MANAGER or status.get("phase") != "Running":
            continue
        # A pod is known as 239.x.y.z and listens on 127.x.y.z.
        target = f"{addresses.listens_on(address)}:{port}" if address and port else ""
        if not target or target in covered:
            continue
        labels = {"namespace": metadata["namespace"], "pod": metadata["name"]}
        if track := own.get("infctl.dev/track"):
            labels["track"] = track
        found.append({"targets": [target], "labels": labels})
    return sorted(found, key=lambda group: str(group["targets"]))


def _port(pod: Mapping[str, Any]) -> int:
    containers = pod.get("spec", {}).get("containers", [])
    ports = (p for c in containers for p in c.get("ports", []))
    return next((int(p["containerPort"]) for p in ports if p.get("name") == PORT_NAME), 0)


def listed_file(targets: Path) -> Path:
    """Is there once the region's objects were read."""
    return targets.with_name("listed")
