"""Follows the Kubernetes events of a region, through the loss of its API server too."""

import json
import time
from typing import Any

from infctl.lab.cluster import Cluster
from infctl.lab.recording.folder import Folder
from infctl.lab.recording.scrub import Scrubber

_PATH = "/apis/events.k8s.io/v1/events"


async def follow(
    cluster: Cluster, folder: Folder, region: str, scrubber: Scrubber, since: float
) -> None:
    """Write the region's events since then, one JSON object a line, until cancelled.

    An event that goes on is written again each time it is told; `since` is in seconds since the
    epoch.
    """
    first = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(since))
    seen: set[tuple[str, str]] = set()
    async for kind, found in cluster.watch(_PATH):
        if kind == "DELETED":
            continue
        items = (found.get("items") or []) if kind == "LISTED" else [found]
        for item in items:
            version = _version(item)
            if version not in seen and last_time(item) >= first:
                folder.append(f"events/{region}.jsonl", _line(item, scrubber))
            seen.add(version)


def last_time(event: dict[str, Any]) -> str:
    """When it was last seen, in UTC as RFC 3339."""
    series = event.get("series") or {}
    times = (
        series.get("lastObservedTime"),
        event.get("deprecatedLastTimestamp"),
        event.get("eventTime"),
        event["metadata"].get("creationTimestamp"),
    )
    return next((str(found) for found in times if found), "")


def _version(item: dict[str, Any]) -> tuple[str, str]:
    metadata = item["metadata"]
    return str(metadata["uid"]), str(metadata["resourceVersion"])


def _line(item: dict[str, Any], scrubber: Scrubber) -> str:
    item["metadata"].pop("managedFields", None)
    return json.dumps(scrubber.clean_value(item)) + "\n"
