"""JSON merge patch. Pure. Source: RFC 7396."""

from typing import Any

from infctl.fakes.plain import copied


def merge(target: Any, patch: Any) -> Any:
    """The target with a merge patch applied; null removes a key."""
    if not isinstance(patch, dict):
        return copied(patch)
    before = target if isinstance(target, dict) else {}
    merged = {key: copied(value) for key, value in before.items() if key not in patch}
    for key, value in patch.items():
        if value is not None:
            merged[key] = merge(before.get(key), value)
    return merged
