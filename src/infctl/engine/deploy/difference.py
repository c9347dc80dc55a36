"""How a live object and a wanted one differ, as text; pure."""

import copy
import difflib
import json
from typing import Any

from infctl.model.fence import STAMPS
from infctl.model.text import clean
from infctl.platform.yaml_writer import dump

Object = dict[str, Any]

_SERVER_OWNED = ("managedFields", "resourceVersion", "uid", "generation", "creationTimestamp")
_UNWANTED = ("deployment.kubernetes.io/revision", *sorted(STAMPS))
"""Annotations that controllers count up, and the stamps of who wrote last."""


def strip(manifest: Object) -> Object:
    """The object without what only the server decides, and without stamps."""
    kept = copy.deepcopy({k: v for k, v in manifest.items() if k != "status"})
    metadata = kept.get("metadata", {})
    for key in _SERVER_OWNED:
        metadata.pop(key, None)
    annotations = metadata.get("annotations") or {}
    for key in _UNWANTED:
        annotations.pop(key, None)
    if not annotations:
        metadata.pop("annotations", None)
    return kept


def same(one: Object, other: Object) -> bool:
    """Whether two objects differ only in what the server decides."""
    return _canonical(one) == _canonical(other)


def unified(live: Object | None, wanted: Object, name: str, *, lines: int = 3) -> str:
    """A unified diff from live to wanted; every line is clean, empty where they are the same."""
    before = _lines(live) if live else []
    after = _lines(wanted)
    rows = difflib.unified_diff(
        before, after, f"live/{name}", f"wanted/{name}", n=lines, lineterm=""
    )
    return "".join(f"{clean(row)}\n" for row in rows)


def _lines(manifest: Object) -> list[str]:
    ordered = json.loads(_canonical(manifest))
    return dump(ordered).splitlines()


def _canonical(manifest: Object) -> str:
    return json.dumps(strip(manifest), sort_keys=True)
