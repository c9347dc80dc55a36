"""Where Envoy finds its resources: files that are replaced by renaming. Pure.

Envoy takes lists of listeners and of clusters from one file each; endpoints, routes and secrets
only one to a file.
"""

import hashlib
import re

from infctl.lab.following import Object

_UNFIT = re.compile(r"[^A-Za-z0-9.-]+")


def source(folder: str, kind: str) -> Object:
    """The source of all listeners, or of all clusters."""
    return _source(f"{folder}/{kind}.json", folder)


def single_source(folder: str, kind: str, name: str) -> Object:
    """The source of one resource."""
    return _source(f"{folder}/{kind}/{file_name(name)}", f"{folder}/{kind}")


def file_name(name: str) -> str:
    """The file of a resource; names that differ have files that differ."""
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{_UNFIT.sub('-', name)[:80]}.{digest}.json"


def _source(path: str, folder: str) -> Object:
    return {
        "path_config_source": {"path": path, "watched_directory": {"path": folder}},
        "resource_api_version": "V3",
    }
