"""A frozen value with some of its fields changed, without calling its constructor."""

from collections.abc import Mapping
from typing import Any, TypeVar

T = TypeVar("T")


def changed(value: T, changes: Mapping[str, Any]) -> T:
    """`dataclasses.replace` for classes without slots and without checks, several times as fast.

    A run's views have two dozen fields, and each record of its journal changes some of them.
    Raises TypeError where the class has no such field.
    """
    known = vars(value)
    if not changes.keys() <= known.keys():
        raise TypeError(f"no such field: {', '.join(sorted(changes.keys() - known.keys()))}")
    after: T = object.__new__(type(value))
    inside = vars(after)
    inside.update(known)
    inside.update(changes)
    return after
