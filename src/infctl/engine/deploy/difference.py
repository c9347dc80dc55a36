"""How a live object and a wanted one differ, as text; pure."""

import copy
import difflib
import json
from typing import Any

from infctl.model.text import clean
from infctl.platform.yaml_writer import dump

Object = dict[str, Any]

_SERVER_OWNED = ("managedFields", "resourceVersion", "uid", "generation", "creationTimestamp")
_COUNTED = "deployment.kubernetes.io/revision"


def strip(manifest: Object) -> Object:
    """The object without what only the server decides."""
    kept = copy.deepcopy({k: v for k, v in manifest.items() if k != "status"})
    metadata = kept.get("metadata", {})
    for key in _SERVER_OWNED:
        metadata.pop(key, None)
    metadata.get("annotations", {}).pop(_COUNTED, None)
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
