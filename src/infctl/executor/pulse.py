"""Whether the executors of other machines' runs live, as the environment's lock tells it.

A copy of a run says only what its executor wrote last. While it lives, it renews the lock every two
seconds. What cannot be known is in doubt, never running.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from infctl.engine.copies import find_copy, read_copies
from infctl.engine.locks import lock_sites, read_places
from infctl.engine.locks.asking import Answer, majority_of
from infctl.engine.locks.observing import looks_alive
from infctl.engine.locks.refusals import describe
from infctl.model.run import PAUSED, RunState, RunView
from infctl.ports.lock import Holding
from infctl.ports.world import World

DEADLINE = 2.0
RETRY = 2.0
"""Seconds between renewals: how a record's age is told from its count."""
LOOK_SECONDS = 3.5
"""A holder that lives has renewed its record by then, whatever its wall clock says."""
_LEASE = 15.0


class Life(StrEnum):
    """What is known of an executor elsewhere."""

    ALIVE = "alive"
    GONE = "gone"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Pulse:
    """What the lock says of a run's executor; `heard` is how many seconds ago it renewed it.

    `why` it is not known to live, `holder` who has the lock for the run.
    """

    life: Life
    heard: float | None = None
    why: str = ""
    holder: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """A run by its copies and the lock: `view` as written, `judged` as far as it is known."""

    view: RunView
    pulse: Pulse | None

    @property
    def judged(self) -> RunView:
        """In doubt where nobody is known to carry it on."""
        return judged(self.view, self.pulse)


@dataclass(frozen=True, slots=True)
class Listing:
    """The runs, the newest first; who did not answer and what is no run, each with the reason."""

    runs: list[Heard]
    silent: dict[str, str]
    broken: dict[str, str]


async def hear(world: World, run: str) -> Heard:
    """One run of another machine. Raises as `find_copy` does."""
    first = await look(world)
    view = (await find_copy(world, run)).view
    return Heard(view, (await pulses(world, [view], first)).get(run))


async def hear_all(world: World) -> Listing:
    """Every run that the clusters keep."""
    first = await look(world)
    copies, broken = await read_copies(world)
    views = [copy.view for copy in copies]
    found = await pulses(world, views, first)
    silent = dict.fromkeys((name for copy in copies for name in copy.silent), "no copies from it")
    silent |= {place.site.name: place.problem for place in first if place.seen is None}
    return Listing([Heard(view, found.get(view.run)) for view in views], silent, broken)


async def look(world: World) -> list[Answer]:
    """What every place of the lock holds now."""
    # Loading the client must not eat the places' deadline.
    await world.warm()
    return await read_places(lock_sites(world), DEADLINE)


async def pulses(
    world: World, views: Iterable[RunView], first: Sequence[Answer]
) -> dict[str, Pulse]:
    """The pulse of every run that is not over.

    `first` is how the lock was before the copies were read. Where that leaves a doubt which a
    moment of watching can settle, the lock is watched for that moment.
    """
    unfinished = [view for view in views if not view.over]
    wall = world.clock.wall()
    found = {view.run: pulse_of(view.run, first, wall) for view in unfinished}
    if any(_is_worth_a_look(view, found[view.run], wall) for view in unfinished):
        await world.clock.sleep(LOOK_SECONDS)
        second, wall = await look(world), world.clock.wall()
        for view in unfinished:
            found[view.run] = compared(view.run, first, second, wall)
    return found


def pulse_of(run: str, places: Sequence[Answer], wall: float) -> Pulse:
    """By one look, and two machines' wall clocks. Pure."""
    holding = _newest(run, places)
    if holding is None:
        return _without(places)
    age = max(0.0, wall - holding.since - holding.renewal * RETRY)
    if looks_alive(holding, wall=wall, retry=RETRY, duration=holding.duration):
        return Pulse(Life.ALIVE, age, holder=describe(holding))
    return Pulse(Life.GONE, age, f"its executor was not heard for {age:.0f} s")


def compared(run: str, first: Sequence[Answer], second: Sequence[Answer], wall: float) -> Pulse:
    """By two looks, `LOOK_SECONDS` apart: who renewed in between lives. Pure."""
    before, after = _newest(run, first), _newest(run, second)
    if before is None or after is None:
        return pulse_of(run, second, wall)
    if (before.id, before.renewal) != (after.id, after.renewal):
        return Pulse(Life.ALIVE, LOOK_SECONDS, holder=describe(after))
    age = max(LOOK_SECONDS, wall - after.since - after.renewal * RETRY)
    return Pulse(Life.GONE, age, f"its executor was not heard for {age:.0f} s")


def judged(view: RunView, pulse: Pulse | None) -> RunView:
    """The view, in doubt where nobody is known to carry the run on. Pure."""
    if pulse is None or pulse.life is Life.ALIVE or view.over or view.state in PAUSED:
        return view
    return replace(view, state=RunState.IN_DOUBT, reason=pulse.why)


def _is_worth_a_look(view: RunView, pulse: Pulse, wall: float) -> bool:
    """Clocks may differ, and a run that is only just heard of may have begun after the look."""
    is_new = abs(wall - view.updated) <= _LEASE
    return pulse.life is Life.GONE and (pulse.heard is not None or is_new)


def _newest(run: str, places: Sequence[Answer]) -> Holding | None:
    held = [
        place.seen.holding
        for place in places
        if place.seen is not None and place.seen.holding is not None
    ]
    ours = [h for h in held if not h.free and h.run == run]
    return max(ours, key=lambda h: (h.fence, h.renewal), default=None)


def _without(places: Sequence[Answer]) -> Pulse:
    """No place that answered knows the run: it may be held where none did."""
    heard = sum(place.seen is not None for place in places)
    if heard >= majority_of(len(places)):
        return Pulse(Life.GONE, None, "its executor is gone: it holds no lock")
    silent = ", ".join(place.site.name for place in places if place.seen is None)
    return Pulse(
        Life.UNKNOWN, None, f"whether its executor lives is not known: no answer from {silent}"
    )
