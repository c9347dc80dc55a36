"""Stop everything: one word that every executor and console sees within two seconds.

It lies in a ConfigMap of every cluster and with this machine; any one of them is enough.
"""

import asyncio
import contextlib
import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from infctl.errors import Conflict, Frozen, InfctlError, Unmeasured
from infctl.model.fence import SYSTEM
from infctl.model.text import clean
from infctl.ports.clock import Clock
from infctl.ports.cluster import CONFIG_MAP, NAMESPACE, Cluster, Object
from infctl.ports.world import World

NAME = "infctl-freeze"
DEADLINE = 1.0
WRITE_DEADLINE = 5.0
"""A person waits for it, and the first question to a cluster loads its client as well."""
POLL = 0.5
KEPT = 20

Here = Callable[[], "Freeze | None"]
"""This machine's own word: it needs no cluster."""


@dataclass(frozen=True, slots=True)
class Freeze:
    """Who stopped everything, why and when (seconds since the epoch); `lifted` ends it."""

    why: str
    by: str
    at: float
    lifted: bool = False

    @property
    def sentence(self) -> str:
        """What is said to whoever is stopped by it."""
        return f"frozen by {self.by}: {self.why}"


UNREADABLE = Freeze("what the freeze says cannot be read", "unknown", 0.0)


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a freeze or its end was written, and why it was not elsewhere."""

    written: tuple[str, ...]
    silent: Mapping[str, str]


class FreezeWatch:
    """Asks every place again and again; one that does not answer keeps its last word."""

    def __init__(self, world: World, here: Here, clock: Clock) -> None:
        self._clusters = world.clusters
        self._here = here
        self._clock = clock
        self._words: dict[str, Freeze | None] = {}

    def current(self) -> Freeze | None:
        """The freeze in force, the oldest where there are several; this machine's at once."""
        return in_force([*self._words.values(), self._here()])

    async def ask(self) -> None:
        """One round."""
        await asyncio.gather(*(self._ask(region) for region in self._clusters))

    async def run(self) -> None:
        """Rounds until cancelled, each place at its own pace: one that hangs delays no other."""
        await asyncio.gather(*(self._follow(region) for region in self._clusters))

    async def _follow(self, region: str) -> None:
        while True:
            await self._ask(region)
            await self._clock.sleep(POLL)

    async def _ask(self, region: str) -> None:
        answer = await _guarded(_read(self._clusters[region]), DEADLINE)
        if not isinstance(answer, str):
            self._words[region] = answer


def in_force(words: Iterable["Freeze | str | None"]) -> Freeze | None:
    """The oldest freeze that nobody lifted; any one place is enough."""
    frozen = [w for w in words if isinstance(w, Freeze) and not w.lifted]
    return min(frozen, key=lambda f: f.at, default=None)


async def read_freezes(
    clusters: Mapping[str, Cluster], deadline: float = DEADLINE
) -> dict[str, Freeze | str | None]:
    """By region: the last word, none, or in a sentence why it does not say."""
    names = list(clusters)
    answers = await asyncio.gather(*(_guarded(_read(clusters[n]), deadline) for n in names))
    return dict(zip(names, answers, strict=True))


async def read_history(cluster: Cluster) -> tuple[Freeze, ...]:
    """The last twenty words that a cluster was told, the oldest first."""
    found = await cluster.read(CONFIG_MAP, NAME, SYSTEM)
    words = [] if found is None else _history(found)
    return tuple(w for entry in words if (w := read_word(json.dumps(entry))) is not None)


async def write_freeze(world: World, freeze: Freeze) -> Reach:
    """Freeze, or lift, in every cluster that answers."""
    names = list(world.clusters)
    answers = await asyncio.gather(
        *(_guarded(_write(world.clusters[n], freeze), WRITE_DEADLINE) for n in names)
    )
    silent = {n: a for n, a in zip(names, answers, strict=True) if isinstance(a, str)}
    return Reach(tuple(n for n in names if n not in silent), silent)


async def refuse_if_frozen(world: World, here: Here) -> None:
    """Raise Frozen where any place says so; for whoever is about to start something."""
    watch = FreezeWatch(world, here, world.clock)
    await watch.ask()
    if (found := watch.current()) is not None:
        raise Frozen(
            found.sentence,
            hint="infctl freeze --status; infctl freeze --lift",
            unchanged="nothing was changed",
        )


def read_word(text: Any) -> Freeze | None:
    """A freeze from its JSON. What is there and cannot be read counts as one: better stopped."""
    if not isinstance(text, str) or not text:
        return None
    try:
        data = json.loads(text)
        at = float(data["at"])
        why, by = clean(str(data["why"]), limit=400), clean(str(data["by"]), limit=200)
        return Freeze(why, by, at if math.isfinite(at) else 0.0, data["lifted"] is True)
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return UNREADABLE


async def _read(cluster: Cluster) -> Freeze | None:
    found = await cluster.read(CONFIG_MAP, NAME, SYSTEM)
    return None if found is None else read_word(_data(found).get("freeze"))


async def _write(cluster: Cluster, freeze: Freeze) -> None:
    text = json.dumps(asdict(freeze))
    while True:
        found = await cluster.read(CONFIG_MAP, NAME, SYSTEM)
        try:
            if found is None:
                await _create(cluster, {"freeze": text, "history": f"[{text}]"})
            else:
                history = [*_history(found), asdict(freeze)][-KEPT:]
                version = found["metadata"].get("resourceVersion")
                patch = {
                    "metadata": {"resourceVersion": version},
                    "data": {"freeze": text, "history": json.dumps(history)},
                }
                await cluster.merge(CONFIG_MAP, NAME, SYSTEM, patch)
            return
        except Conflict:
            # Somebody else froze or lifted at the same moment: say it after them.
            continue


async def _create(cluster: Cluster, data: dict[str, str]) -> None:
    manifest: Object = {
        "apiVersion": CONFIG_MAP.api_version,
        "kind": CONFIG_MAP.kind,
        "metadata": {"name": NAME, "namespace": SYSTEM},
        "data": data,
    }
    try:
        await cluster.create(manifest)
    except (Conflict, Unmeasured):
        raise
    except InfctlError:
        namespace = {"apiVersion": "v1", "kind": NAMESPACE.kind, "metadata": {"name": SYSTEM}}
        with contextlib.suppress(Conflict):
            await cluster.create(namespace)
        await cluster.create(manifest)


def _history(found: Object) -> list[Any]:
    try:
        history = json.loads(_data(found).get("history", "[]"))
    except (ValueError, TypeError):
        return []
    return history if isinstance(history, list) else []


def _data(found: Object) -> Mapping[str, Any]:
    data = found.get("data")
    return data if isinstance(data, dict) else {}


async def _guarded(question: Any, deadline: float) -> Any:
    try:
        async with asyncio.timeout(deadline):
            return await question
    except TimeoutError:
        return f"no answer within {deadline:g} s"
    except InfctlError as error:
        return clean(error.what, limit=300)
