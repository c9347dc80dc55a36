"""What an API server stores: objects with owners and versions, and a history for watches."""

import asyncio
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from infctl.fakes.fields import fields
from infctl.fakes.ownership import Owners
from infctl.fakes.plain import copied
from infctl.ports.cluster import Kind

Object = dict[str, Any]
Key = tuple[Kind, str, str]
"""Kind, namespace (empty where cluster-wide) and name."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An object and who owns its fields."""

    object: Object
    owners: Owners


@dataclass(frozen=True, slots=True)
class Change:
    """One write: the object before and after it, None where there was or is none."""

    key: Key
    before: Object | None
    after: Object | None


@dataclass
class Storage:
    """Objects by key; `history` since the last `forget`, of which `forgotten` counts how many."""

    objects: dict[Key, Stored] = field(default_factory=dict)
    history: list[Change] = field(default_factory=list)
    version: int = 0
    forgotten: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def write(self, key: Key, after: Object, owners: Owners) -> Object:
        """Store an object under the next version."""
        before = self.objects.get(key)
        self.version += 1
        after["metadata"]["resourceVersion"] = str(self.version)
        self.objects[key] = Stored(after, owners)
        self._note(Change(key, before.object if before else None, after))
        return copied(after)

    def remove(self, key: Key) -> None:
        """Take an object away."""
        found = self.objects.pop(key)
        self.version += 1
        self._note(Change(key, found.object, None))

    def find(self, kind: Kind, namespace: str | None) -> Iterator[Object]:
        """Copies of the objects of a kind, in a namespace or in all."""
        for (stored_kind, place, _), stored in sorted(
            self.objects.items(), key=lambda item: item[0][1:]
        ):
            if stored_kind == kind and namespace in (None, place):
                yield copied(stored.object)

    def forget(self) -> None:
        """Lose the history, so that every watch has to list again (410)."""
        self.forgotten += 1
        self.history = []
        self._wake()

    def _note(self, change: Change) -> None:
        self.history.append(change)
        self._wake()

    def _wake(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()


def stamp(after: Object, before: Object | None, owners: Owners) -> None:
    """The metadata that only a server writes, but for the version."""
    metadata = after["metadata"]
    old = before["metadata"] if before else {}
    metadata["uid"] = old.get("uid") or str(uuid.uuid4())
    metadata["creationTimestamp"] = old.get("creationTimestamp") or "2026-01-01T00:00:00Z"
    if "spec" in after:
        same = before is not None and before.get("spec") == after["spec"]
        metadata["generation"] = old.get("generation", 0) + (not same)
    metadata["managedFields"] = [
        {"manager": name, "operation": operation, "apiVersion": after["apiVersion"]}
        for name, operation in owners
    ]


def differs(before: Object | None, after: Object) -> bool:
    """Whether a write would change anything that somebody can own."""
    return before is None or fields(before) != fields(after)
