"""The links by which nginx finds the version that a model's pods serve."""

import os
from collections.abc import Mapping
from pathlib import Path

from infctl.lab.response_cache.configuration import MODELS
from infctl.lab.response_cache.versions import Version

VERSIONS = "versions"


def write_links(folder: Path, versions: Mapping[str, Version]) -> list[str]:
    """Make the links as the versions are, each in one step; returns the models that changed."""
    changed = []
    models = folder / MODELS
    for name, version in versions.items():
        wanted = os.path.join("..", VERSIONS, version.folder)  # noqa: PTH118 - the text of a link
        link = models / name
        if link.is_symlink() and str(link.readlink()) == wanted:
            continue
        (folder / VERSIONS / version.folder).mkdir(parents=True, exist_ok=True)
        new = folder / VERSIONS / "new"
        new.unlink(missing_ok=True)
        new.symlink_to(wanted)
        new.replace(link)
        changed.append(name)
    for link in models.iterdir():
        if link.name not in versions:
            link.unlink(missing_ok=True)
            changed.append(link.name)
    return changed
