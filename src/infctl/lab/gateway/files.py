"""The files through which Envoy gets its resources: replaced whole, by renaming, if they differ."""

import json
from pathlib import Path

from infctl.lab.gateway.objects import Object, Resources


def write_resources(folder: Path, resources: Resources) -> list[str]:
    """Write what changed; returns the kinds written.

    Clusters come before the routes that name them, so that no request meets a missing one.
    """
    found = {
        "endpoints": resources.endpoints,
        "clusters": resources.clusters,
        "routes": resources.routes,
        "listeners": resources.listeners,
    }
    return [kind for kind, items in found.items() if write(folder, kind, items)]


def write(folder: Path, kind: str, items: list[Object]) -> bool:
    """Write one file; False where it says so already."""
    path = folder / f"{kind}.json"
    text = json.dumps({"resources": items}, sort_keys=True)
    if path.exists() and path.read_text() == text:
        return False
    temporary = path.with_suffix(".new")
    temporary.write_text(text)
    temporary.replace(path)
    return True
