"""JSON merge patch. Pure. Source: RFC 7396."""

import copy
from typing import Any


def merge(target: Any, patch: Any) -> Any:
    """The target with a merge patch applied; null removes a key."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    merged = copy.deepcopy(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged
