"""Copies of objects that are JSON, as the servers in memory keep them. Pure.

Those need no memory of what was copied already, which makes most of the cost of `copy.deepcopy`.
"""

from typing import Any, TypeVar

T = TypeVar("T")
_NESTED = (dict, list, tuple)


def copied(value: T) -> T:
    """A copy that shares nothing that can be changed."""
    after: T = _copied(value)
    return after


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _copied(v) if isinstance(v, _NESTED) else v for k, v in value.items()}
    if isinstance(value, list):
        return [_copied(v) if isinstance(v, _NESTED) else v for v in value]
    # Texts, numbers and the like are never changed in place; a tuple is JSON's list.
    return tuple(_copied(inner) for inner in value) if isinstance(value, tuple) else value
