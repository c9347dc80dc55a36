"""Whether another machine carries a run on that this one has too: by its copies, and the lock."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from infctl.engine.copies import Copy, find_copy
from infctl.engine.locks.asking import Answer
from infctl.errors import Refused, UsageError
from infctl.executor.exclusive import dead_lease
from infctl.executor.pulse import LOOK_SECONDS, Life, Pulse, compared, look, pulse_of
from infctl.model.run import RunView
from infctl.ports.world import World


@dataclass(frozen=True, slots=True)
class Claim:
    """What the clusters say of a run: its copy, None where they keep none, and its executor."""

    copy: Copy | None
    pulse: Pulse

    @property
    def doubt(self) -> str:
        """Why it is not known whether somebody lives, or an empty text."""
        return self.pulse.why if self.pulse.life is Life.UNKNOWN else ""

    def refuse(self, run: str, unchanged: str) -> None:
        """Refused where somebody carries the run on."""
        if self.pulse.life is Life.ALIVE:
            raise Refused(
                f"run {run} is carried on elsewhere: {self.pulse.holder}",
                hint="infctl runs list --clusters",
                unchanged=unchanged,
            )


async def claim_on(world: World, run: str, folder: Path, view: RunView | None = None) -> Claim:
    """Ask the copies, then the lock. Whoever asks has the lock of the run's `folder`, so what an
    executor there held, as `view` or the copy tells, is nobody's any more.

    Raises Unreachable where no cluster answers.
    """
    try:
        copy = await find_copy(world, run)
    except UsageError:
        # The clusters answer, and keep none that is a run.
        copy = None
    views = [known for known in (view, None if copy is None else copy.view) if known is not None]
    dead = {lease for known in views if (lease := dead_lease(known, folder))}
    first = _without(await look(world), dead)
    pulse = pulse_of(run, first, world.clock.wall())
    if pulse.life is Life.GONE and pulse.heard is not None:
        # Clocks differ: who renews meanwhile lives.
        await world.clock.sleep(LOOK_SECONDS)
        second = _without(await look(world), dead)
        pulse = compared(run, first, second, world.clock.wall())
    return Claim(copy, pulse)


def _without(places: Sequence[Answer], dead: Collection[str]) -> list[Answer]:
    return [_freed(place) if _holds(place, dead) else place for place in places]


def _holds(place: Answer, dead: Collection[str]) -> bool:
    holding = None if place.seen is None else place.seen.holding
    return holding is not None and holding.id in dead


def _freed(place: Answer) -> Answer:
    return place if place.seen is None else replace(place, seen=replace(place.seen, holding=None))
