"""The files through which Envoy gets its resources: replaced whole, by renaming, if they differ."""

import json
import os
from pathlib import Path

from infctl.lab.following import Object
from infctl.lab.gateway.objects import Resources
from infctl.lab.gateway.sources import file_name

LISTS = ("clusters", "listeners")
SINGLES = {"secrets": "name", "endpoints": "cluster_name", "routes": "name"}
"""Kinds with a file for each resource, and the field that names it."""


def make_folders(folder: Path) -> None:
    """Empty resources where there are none yet: Envoy refuses a source that is not there."""
    for kind in SINGLES:
        (folder / kind).mkdir(parents=True, exist_ok=True, mode=0o700)
    for kind in LISTS:
        if not (folder / f"{kind}.json").exists():
            _write(folder / f"{kind}.json", [])


def write_resources(folder: Path, resources: Resources) -> list[str]:
    """Write what changed; returns the kinds written."""
    return write_upstreams(folder, resources) + write_tables(folder, resources)


def write_upstreams(folder: Path, resources: Resources) -> list[str]:
    """What routes name, before them; what is no longer wanted stays until `retire`.

    So no request meets a cluster that is missing.
    """
    present = {c["name"]: c for c in _read(folder / "clusters.json")}
    present.update({c["name"]: c for c in resources.clusters})
    written = [
        _write_singles(folder, "secrets", resources.secrets),
        _write_singles(folder, "endpoints", resources.endpoints),
        "clusters" * _write(folder / "clusters.json", list(present.values())),
    ]
    return [kind for kind in written if kind]


def write_tables(folder: Path, resources: Resources) -> list[str]:
    """Routes, and the listeners that name their tables."""
    written = [
        _write_singles(folder, "routes", resources.routes),
        "listeners" * _write(folder / "listeners.json", resources.listeners),
    ]
    return [kind for kind in written if kind]


def retire(folder: Path, resources: Resources) -> None:
    """Remove what Envoy no longer needs, once it had time to read what replaces it."""
    _write(folder / "clusters.json", resources.clusters)
    wanted: dict[str, list[Object]] = {
        "secrets": resources.secrets,
        "endpoints": resources.endpoints,
        "routes": resources.routes,
    }
    for kind, items in wanted.items():
        names = {file_name(item[SINGLES[kind]]) for item in items}
        for path in (folder / kind).glob("*.json"):
            if path.name not in names:
                path.unlink()


def _write_singles(folder: Path, kind: str, items: list[Object]) -> str:
    paths = [(folder / kind / file_name(item[SINGLES[kind]]), item) for item in items]
    changed = [_write(path, [item]) for path, item in paths]
    return kind if any(changed) else ""


def _read(path: Path) -> list[Object]:
    if not path.exists():
        return []
    found: list[Object] = json.loads(path.read_text())["resources"]
    return found


def _write(path: Path, items: list[Object]) -> bool:
    """Write one file, mode 0600; False where it says so already."""
    text = json.dumps({"resources": items}, sort_keys=True)
    if path.exists() and path.read_text() == text:
        return False
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    temporary.replace(path)
    return True
