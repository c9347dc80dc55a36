"""The outside world of a victim: a ledger on disk, one line an act, written through at once.

`writev` on a file opened with O_DSYNC is used by nothing else in the victim, so that faults can be
injected into the journal's system calls alone, and a kill falls before an act or after it.
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from infctl.errors import Conflict, Unreachable
from infctl.ports.clock import Clock
from infctl.ports.cluster import Cluster, Kind, Object
from infctl.ports.world import World

LEDGER = "ledger"
REGIONS = ("ashore", "beyond", "coast")
FIRST_REPLICAS = 2
Effect = tuple[str, str, Any]
"""What was done, to what, and to which value."""


@dataclass(slots=True)
class Cut:
    """Loses the replies to some requests, each only the first time: before they act, or after."""

    hits: Callable[[Effect], bool]
    before: bool
    met: set[str] = field(default_factory=set)

    def falls(self, effect: Effect, *, before: bool) -> bool:
        """Whether this request is cut off here."""
        if before != self.before or effect[1] in self.met or not self.hits(effect):
            return False
        self.met.add(effect[1])
        return True


class Ledger:
    """Everything that was done outside, in order; the only state that outlives a victim."""

    def __init__(self, folder: Path, cut: Cut | None = None) -> None:
        self._path = folder / LEDGER
        self._cut = cut
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_DSYNC | os.O_CLOEXEC
        self._file = os.open(self._path, flags, 0o600)

    def act(self, what: str, target: str, value: Any = None) -> None:
        """Do one thing, durably."""
        if self._cut is not None and self._cut.falls((what, target, value), before=True):
            raise Unreachable("the request was cut off")
        os.writev(self._file, [json.dumps([what, target, value]).encode() + b"\n"])
        if self._cut is not None and self._cut.falls((what, target, value), before=False):
            raise Unreachable("the reply was cut off")

    def close(self) -> None:
        """Give back the file."""
        os.close(self._file)

    def acts(self) -> list[Effect]:
        """All that was done, repeats included."""
        return read_acts(self._path.parent)


def read_acts(folder: Path) -> list[Effect]:
    """The lines of a ledger; none where there is none yet."""
    try:
        lines = (folder / LEDGER).read_text().splitlines()
    except FileNotFoundError:
        return []
    return [(what, target, value) for what, target, value in map(json.loads, lines)]


def effects(acts: Iterable[Effect]) -> "Counter[Effect]":
    """The acts that changed something, counted: putting what is there already changes nothing.

    A patch always counts: it makes a new version of its object.
    """
    there: set[str] = set()
    found: Counter[Effect] = Counter()
    for what, target, value in acts:
        if (what == "put" and target in there) or (what == "delete" and target not in there):
            continue
        if what == "put":
            there.add(target)
        if what == "delete":
            there.discard(target)
        found[(what, target, value)] += 1
    return found


@dataclass(slots=True)
class FileStore:
    """An object store whose puts and deletes are lines of the ledger."""

    region: str
    ledger: Ledger

    async def put(self, bucket: str, key: str, body: bytes) -> None:
        """Write one object."""
        del body
        self.ledger.act("put", f"{self.region}/{bucket}/{key}")

    async def get(self, bucket: str, key: str) -> bytes | None:
        """Something where the last act on it was a put."""
        target = f"{self.region}/{bucket}/{key}"
        last = [what for what, other, _ in self.ledger.acts() if other == target][-1:]
        return b"{}" if last == ["put"] else None

    async def delete(self, bucket: str, key: str) -> None:
        """Delete one object."""
        self.ledger.act("delete", f"{self.region}/{bucket}/{key}")


@dataclass(slots=True)
class FileCluster:
    """A cluster of Deployments; each patch is a line of the ledger and a new version."""

    region: str
    ledger: Ledger

    async def read(self, kind: Kind, name: str, namespace: str | None = None) -> Object | None:
        """The Deployment as the ledger tells it, all wanted replicas ready."""
        target = f"{self.region}/{namespace}/{name}"
        patches = [value for _, other, value in self.ledger.acts() if other == target]
        replicas = patches[-1] if patches else FIRST_REPLICAS
        return {
            "apiVersion": kind.api_version,
            "kind": kind.kind,
            "metadata": {
                "name": name,
                "namespace": namespace,
                "uid": target,
                "resourceVersion": str(len(patches) + 1),
            },
            "spec": {"replicas": replicas},
            "status": {"readyReplicas": replicas, "replicas": replicas},
        }

    async def merge(
        self, kind: Kind, name: str, namespace: str | None, patch: Object, **_: Any
    ) -> Object:
        """Set the replicas, if the precondition holds."""
        found = await self.read(kind, name, namespace)
        wanted = patch.get("metadata", {}).get("resourceVersion")
        if found is None or wanted not in (None, found["metadata"]["resourceVersion"]):
            raise Conflict(f"{name} is not the object that was read")
        self.ledger.act("patch", f"{self.region}/{namespace}/{name}", patch["spec"]["replicas"])
        return await self.read(kind, name, namespace) or {}


async def _close() -> None:
    """Nothing is held."""


def open_world(ledger: Ledger, clock: Clock) -> World:
    """The ports that the rehearsal's plan uses; it asks nothing of the others."""
    absent = cast("Any", None)
    return World(
        environment="selftest",
        kind="sim",
        clusters={r: cast("Cluster", FileCluster(r, ledger)) for r in REGIONS},
        metrics={},
        stores={r: cast("Any", FileStore(r, ledger)) for r in REGIONS},
        names=absent,
        resolver=absent,
        faults=None,
        load=absent,
        clock=clock,
        close=_close,
    )
