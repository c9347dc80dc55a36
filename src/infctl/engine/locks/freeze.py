"""Stop everything: one word that every executor and console sees within two seconds.

It lies in a ConfigMap of every cluster and with this machine; any one of them is enough. Only a
machine's own word gives way: where most clusters heard that very word, and later that it is lifted.
"""

import asyncio
import contextlib
import json
import math
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from infctl.errors import Conflict, Frozen, InfctlError, Unmeasured
from infctl.model.fence import SYSTEM
from infctl.model.question import Question
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

HERE = "this machine"
"""How a machine calls the place of its own word."""

Here = Callable[[], "Freeze | None"]
"""This machine's own word: it needs no cluster."""


@dataclass(frozen=True, slots=True)
class Freeze:
    """Who stopped everything, why and when (seconds since the epoch); `lifted` ends it.

    The same words in two places are one freeze. `ended` are those that were lifted where this was
    read, by the order in which they came there; `places` say it, empty where all of them do.
    """

    why: str
    by: str
    at: float
    lifted: bool = False
    ended: frozenset["Freeze"] = field(default=frozenset(), compare=False, repr=False)
    places: tuple[str, ...] = field(default=(), compare=False, repr=False)

    @property
    def sentence(self) -> str:
        """What is said to whoever is stopped by it, with the places where they differ."""
        said = f"frozen by {self.by}: {self.why}"
        if not self.places:
            return said
        way = "infctl freeze --lift" + (" on it" if self.places == (HERE,) else "")
        return f"{said} (says {', '.join(self.places)}: {way})"

    def to_json(self) -> dict[str, Any]:
        """As it is written down."""
        return {"why": self.why, "by": self.by, "at": self.at, "lifted": self.lifted}


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
        self._absent = world.absent
        self._here = here
        self._clock = clock
        self._words: dict[str, Freeze | None] = {}

    def current(self) -> Freeze | None:
        """The freeze in force, the oldest where there are several; this machine's at once.

        This machine's word gives way to a lift that most places heard after it.
        """
        here = outweighed(self._here(), self._words, len(self._clusters) + len(self._absent))
        found = in_force([*self._words.values(), here])
        if found is None:
            return None
        saying = [name for name, word in {HERE: here, **self._words}.items() if word == found]
        says_each = set(self._clusters) <= set(saying)
        return replace(found, places=() if says_each else tuple(saying))

    @property
    def is_deaf(self) -> bool:
        """Whether there are clusters, and not one of them has said anything."""
        return bool(self._clusters) and not self._words

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


def outweighed(
    here: Freeze | None, words: Mapping[str, "Freeze | str | None"], places: int
) -> Freeze | None:
    """A machine's own word, or the lift that most of the `places` heard after that very word.

    What each cluster heard first and what later is its own order; nobody's clock decides.
    """
    if here is None or here.lifted or here == UNREADABLE:
        # What could not be read is no word that anybody can have heard.
        return here
    heard = [w for w in words.values() if isinstance(w, Freeze) and here in w.ended]
    if 2 * len(heard) <= places:
        return here
    lift = next((w for w in heard if w.lifted), None)
    return lift or replace(here, lifted=True)


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
    return () if found is None else _past(found)


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
    word = None if found is None else read_word(_data(found).get("freeze"))
    return None if found is None or word is None else replace(word, ended=_ended(_past(found)))


def _past(found: Object) -> tuple[Freeze, ...]:
    words = (read_word(json.dumps(entry)) for entry in _history(found))
    return tuple(word for word in words if word is not None)


def _ended(past: tuple[Freeze, ...]) -> frozenset[Freeze]:
    """The freezes that stand before the last lift."""
    lifts = [number for number, word in enumerate(past) if word.lifted]
    return frozenset(word for word in past[: lifts[-1] if lifts else 0] if not word.lifted)


def _standing(found: Object, freeze: Freeze) -> str:
    """What a place says after that word: who froze first stays named until it is lifted."""
    text = _data(found).get("freeze")
    former = read_word(text)
    is_first = former is None or former.lifted or former == UNREADABLE
    return json.dumps(freeze.to_json()) if is_first or freeze.lifted else str(text)


async def _write(cluster: Cluster, freeze: Freeze) -> None:
    text = json.dumps(freeze.to_json())
    while True:
        found = await cluster.read(CONFIG_MAP, NAME, SYSTEM)
        try:
            if found is None:
                await _create(cluster, {"freeze": text, "history": f"[{text}]"})
            else:
                history = json.dumps([*_history(found), freeze.to_json()][-KEPT:])
                version = found["metadata"].get("resourceVersion")
                patch = {
                    "metadata": {"resourceVersion": version},
                    "data": {"freeze": _standing(found, freeze), "history": history},
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


def _guarded(question: Awaitable[Any], deadline: float) -> Coroutine[Any, Any, Any]:
    return _within(Question(question), deadline)


async def _within(question: Question[Any], deadline: float) -> Any:
    try:
        async with asyncio.timeout(deadline):
            return await question
    except TimeoutError:
        return f"no answer within {deadline:g} s"
    except InfctlError as error:
        return clean(error.what, limit=300)
