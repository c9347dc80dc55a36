"""A region's API audit log as a witness: every write that its API server took, and who asked."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infctl.lab.spec import Lab, Region

_DONE = "ResponseComplete"
_REFUSED = 300


@dataclass(frozen=True)
class Write:
    """A write that was taken; `body` is what was sent, where the policy keeps that."""

    at: str
    user: str
    groups: tuple[str, ...]
    verb: str
    resource: str
    namespace: str
    name: str
    agent: str
    body: dict[str, Any] = field(default_factory=dict, compare=False)


def writes(lab: Lab, region: Region, **wanted: str) -> list[Write]:
    """The writes in their order that are as wanted: `user="infctl:operator"`, `name="web"`, …"""
    return [
        write
        for event in events(lab, region)
        if _was_taken(event)
        for write in [_read(event)]
        if all(getattr(write, key) == value for key, value in wanted.items())
    ]


def events(lab: Lab, region: Region) -> Iterator[dict[str, Any]]:
    """All that is logged, older files first."""
    for path in _files(lab.folder(region)):
        # The last line may be just being written.
        for line in path.read_text().rpartition("\n")[0].splitlines():
            yield dict(json.loads(line))


def _files(folder: Path) -> list[Path]:
    # A file that grew too long is renamed with its date.
    return [*sorted(folder.glob("audit-*.log")), folder / "audit.log"]


def _was_taken(event: dict[str, Any]) -> bool:
    is_dry = "dryRun=All" in event.get("requestURI", "")
    code = (event.get("responseStatus") or {}).get("code", 500)
    return event.get("stage") == _DONE and code < _REFUSED and not is_dry


def _read(event: dict[str, Any]) -> Write:
    about = event.get("objectRef") or {}
    part = f"/{about['subresource']}" if about.get("subresource") else ""
    return Write(
        at=event["requestReceivedTimestamp"],
        user=event["user"]["username"],
        groups=tuple(event["user"].get("groups") or ()),
        verb=event["verb"],
        resource=about.get("resource", "") + part,
        namespace=about.get("namespace", ""),
        name=about.get("name", ""),
        agent=event.get("userAgent", ""),
        body=event.get("requestObject") or {},
    )
