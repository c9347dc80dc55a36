"""A parsed file as a tree that remembers where every value stands; merging of such trees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file; both numbers start at 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Node:
    """A value with its place; `keys` holds the places of a mapping's keys."""

    value: "Scalar | tuple[Node, ...] | Mapping[str, Node]"
    mark: Mark
    keys: Mapping[str, Mark] | None = None

    @property
    def fields(self) -> "Mapping[str, Node]":
        """The values of a mapping; empty for everything else."""
        return self.value if isinstance(self.value, Mapping) else {}

    @property
    def items(self) -> "tuple[Node, ...]":
        """The values of a list; empty for everything else."""
        return self.value if isinstance(self.value, tuple) else ()

    def plain(self) -> Any:
        """The value without places."""
        if isinstance(self.value, Mapping):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, tuple):
            return [node.plain() for node in self.value]
        return self.value

    def without(self, *names: str) -> "Node":
        """A mapping without some of its keys."""
        return replace(self, value={k: v for k, v in self.fields.items() if k not in names})

    def locate(self, path: Sequence[str | int], *, key: bool = False) -> Mark:
        """Where the value at `path` stands, or its nearest parent; with `key`, its last key."""
        node = self
        for step in path[:-1] if key else path:
            found = node.child(step)
            if found is None:
                return node.mark
            node = found
        if key and path and node.keys is not None:
            return node.keys.get(str(path[-1]), node.mark)
        return node.mark

    def child(self, step: str | int) -> "Node | None":
        """One step down, or None."""
        if isinstance(step, str):
            return self.fields.get(step)
        return self.items[step] if step < len(self.items) else None


def merge(base: Node, overlay: Node) -> Node:
    """`overlay` over `base`: mappings deeply, lists of named things by name, all else replaced."""
    if isinstance(base.value, Mapping) and isinstance(overlay.value, Mapping):
        return _merge_fields(base, overlay)
    if base.items and overlay.items and _named(base) and _named(overlay):
        return _merge_named(base, overlay)
    return overlay


def _merge_fields(base: Node, overlay: Node) -> Node:
    merged = dict(base.fields)
    for key, node in overlay.fields.items():
        merged[key] = merge(merged[key], node) if key in merged else node
    return Node(merged, overlay.mark, {**(base.keys or {}), **(overlay.keys or {})})


def _merge_named(base: Node, overlay: Node) -> Node:
    changes = {_name(node): node for node in overlay.items}
    kept = [merge(n, changes.pop(_name(n))) if _name(n) in changes else n for n in base.items]
    return Node((*kept, *changes.values()), overlay.mark)


def _named(node: Node) -> bool:
    names = [_name(item) for item in node.items]
    return all(isinstance(name, str) for name in names) and len(set(names)) == len(names)


def _name(node: Node) -> Any:
    found = node.fields.get("name")
    return found.value if found else None
