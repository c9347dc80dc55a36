"""Follows a region's Deployments for nginx, and keeps what nginx wrote within bounds."""

import asyncio
import logging
from pathlib import Path

from infctl.lab.cluster import Cluster
from infctl.lab.response_cache.configuration import ANSWERS
from infctl.lab.response_cache.links import write_links
from infctl.lab.response_cache.versions import Object, served_versions

PATH = "/apis/apps/v1/deployments"
SELECTOR = "app.kubernetes.io/managed-by=infctl"
MOST_BYTES = 64 << 20
_SWEEP_SECONDS = 20.0
_log = logging.getLogger(__name__)


async def follow(cluster: Cluster, folder: Path) -> None:
    """Write the links anew after each change, for ever."""
    deployments: dict[str, Object] = {}
    async for kind, found in cluster.watch(PATH, labelSelector=SELECTOR):
        if kind == "LISTED":
            deployments = {item["metadata"]["uid"]: item for item in found.get("items") or []}
        elif kind == "DELETED":
            deployments.pop(found["metadata"]["uid"], None)
        else:
            deployments[found["metadata"]["uid"]] = found
        try:
            if changed := write_links(folder, served_versions(deployments.values())):
                _log.info("another version, or none, is kept of %s", ", ".join(changed))
        except OSError as error:
            _log.error("links of the response cache cannot be written: %s", error)


async def sweep_for_ever(folder: Path) -> None:
    """nginx in one process has nobody who removes what is too much; it misses what is gone."""
    while True:
        await asyncio.sleep(_SWEEP_SECONDS)
        await asyncio.to_thread(sweep, folder / ANSWERS, MOST_BYTES)


def sweep(answers: Path, most: int) -> int:
    """Remove the oldest answers until `most` bytes remain; returns how many were removed."""
    found = []
    for path in answers.rglob("*"):
        try:
            status = path.lstat()
        except FileNotFoundError:
            continue
        if path.is_file():
            found.append((status.st_mtime, status.st_size, path))
    total, removed = sum(size for _, size, _ in found), 0
    for _, size, path in sorted(found):
        if total <= most:
            break
        path.unlink(missing_ok=True)
        total, removed = total - size, removed + 1
    return removed
