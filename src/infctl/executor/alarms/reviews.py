"""Reviews of broken glass, of this machine and of all clusters taken together; and their end."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from infctl.engine.alarm_records import read_records
from infctl.errors import InfctlError, Refused, UsageError
from infctl.executor.alarms.delivery import ELSEWHERE, channel_names, deliver, untold_of
from infctl.executor.alarms.queue import Waiting, keep_alarm, keep_closing, note_told, waiting
from infctl.model.alarm import Closing, Review
from infctl.model.names import nearest
from infctl.model.text import clean
from infctl.ports.world import World

DEADLINE = 3.0


@dataclass(frozen=True, slots=True)
class Reviews:
    """The newest first; `silent` says why a cluster was not read, `waiting` who lacks which."""

    found: tuple[Review, ...]
    silent: dict[str, str]
    waiting: dict[str, tuple[str, ...]]

    @property
    def open(self) -> tuple[Review, ...]:
        """Those that nobody closed."""
        return tuple(r for r in self.found if r.closing is None)

    @property
    def sentence(self) -> str:
        """One line where somebody broke the glass and nobody has looked into it; else nothing."""
        if not self.open:
            return ""
        alarm = self.open[0].alarm
        latest = clean(f"{alarm.by} overrode {', '.join(alarm.guards)} ({alarm.reason})")
        return f"broken glass, {len(self.open)} without a review: {latest}; infctl reviews list"


async def read_reviews(world: World, deadline: float = DEADLINE) -> Reviews:
    """What this machine and every cluster that answers know."""
    here = await asyncio.to_thread(waiting, world.environment)
    regions = list(world.clusters)
    answers = await asyncio.gather(*(_ask(world, region, deadline) for region in regions))
    silent = {r: a for r, a in zip(regions, answers, strict=True) if isinstance(a, str)}
    known: dict[str, Review] = {}
    there = (review for answer in answers if not isinstance(answer, str) for review in answer)
    for review in (*(w.review for w in here), *there):
        run = review.alarm.run
        known[run] = known[run].merged(review) if run in known else review
    for one in here:
        closing = known[one.review.alarm.run].closing
        if closing is not None and one.review.closing is None:
            # Once it is on this disk, every cluster hears of it from here.
            await asyncio.to_thread(keep_closing, one.review.alarm, closing)
    newest = sorted(known.values(), key=lambda r: r.alarm.run, reverse=True)
    return Reviews(tuple(newest), silent, _waiting(world, here))


async def close_review(world: World, run: str, closing: Closing) -> tuple[Review, dict[str, str]]:
    """Close the review of a run: on this disk first, then wherever somebody answers.

    Returns it with the reason of each channel that was not told yet. Raises UsageError where nobody
    knows such a review, Refused where it is closed.
    """
    reviews = await read_reviews(world)
    review = _choose(reviews.found, run)
    if review.closing is not None:
        raise Refused(
            f"the review of run {review.alarm.run} was closed by {review.closing.by}:"
            f" {review.closing.why}",
            unchanged="nothing was changed",
        )
    here = {w.review.alarm.run for w in await asyncio.to_thread(waiting, world.environment)}
    await asyncio.to_thread(keep_alarm, review.alarm)
    await asyncio.to_thread(keep_closing, review.alarm, closing)
    if review.alarm.run not in here:
        note_told(review.alarm, (ELSEWHERE,))
    missing = await deliver(world)
    return Review(review.alarm, closing), {c: w for c, w in missing.items() if "cluster/" in c}


def _choose(reviews: Iterable[Review], run: str) -> Review:
    known = {r.alarm.run: r for r in reviews}
    found = [name for name in known if run and (name.startswith(run) or name.endswith(run))]
    if len(found) == 1:
        return known[found[0]]
    shown = clean(run, limit=80) or "''"
    if found:
        raise UsageError(f"{len(found)} reviews are named {shown}", hint="infctl reviews list")
    close = nearest(run[:80], known)
    raise UsageError(
        f"there is no review of a run {shown}",
        hint=f"did you mean {close}?" if close else "infctl reviews list",
    )


def untold(world: World) -> dict[str, tuple[str, ...]]:
    """By run: who was not told yet of an alarm of this machine."""
    return _waiting(world, waiting(world.environment))


def _waiting(world: World, here: list[Waiting]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for channel in channel_names(world):
        for review in untold_of(here, channel):
            found[review.alarm.run] = (*found.get(review.alarm.run, ()), channel)
    return found


async def _ask(world: World, region: str, deadline: float) -> tuple[Review, ...] | str:
    try:
        async with asyncio.timeout(deadline):
            return await read_records(world.clusters[region], world.environment)
    except TimeoutError:
        return f"no answer within {deadline:g} s"
    except InfctlError as error:
        return error.what
