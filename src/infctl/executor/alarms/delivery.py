"""Brings alarms to every route that the environment names and into every cluster."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from infctl.engine.alarm_records import write_record
from infctl.errors import InfctlError
from infctl.executor.alarms.queue import Waiting, keep_closing, note_told, waiting
from infctl.model.alarm import Alarm, Review
from infctl.ports.notices import Notice, Notifier
from infctl.ports.world import World

DEADLINE = 10.0
"""Seconds for one alarm to one channel; no channel waits for another."""
ELSEWHERE = "route/*"
"""In the list of who was told: another machine has this alarm, and tells the routes."""
Tell = Callable[[Review], Awaitable[bool]]


async def deliver(world: World) -> dict[str, str]:
    """One round to all that were not told yet; why not, by channel, of those that still are not."""
    alarms = await asyncio.to_thread(waiting, world.environment)
    channels = _channels(world)
    open_ones = {name: untold for name in channels if (untold := untold_of(alarms, name))}
    answers = await asyncio.gather(
        *(_tell(name, channels[name], untold) for name, untold in open_ones.items())
    )
    return {name: why for name, why in zip(open_ones, answers, strict=True) if why}


def channel_names(world: World) -> tuple[str, ...]:
    """Everybody who is told when the glass is broken."""
    return tuple(_channels(world))


def untold_of(alarms: Iterable[Waiting], channel: str) -> list[Review]:
    """What a channel was not told yet: a route hears of the alarm, a cluster of its closing too."""
    return [w.review for w in alarms if not _is_told(w, channel)]


def _is_told(one: Waiting, channel: str) -> bool:
    if channel.startswith("route/"):
        return channel in one.told or ELSEWHERE in one.told
    return f"{channel} {one.review.state}" in one.told


def _channels(world: World) -> dict[str, Tell]:
    routes: dict[str, Tell] = {}
    if (notifier := world.notifier) is not None:
        routes = {f"route/{name}": _route(notifier, name) for name in notifier.names()}
    return routes | {f"cluster/{name}": _cluster(world, name) for name in world.clusters}


def _route(notifier: Notifier, route: str) -> Tell:
    async def tell(review: Review) -> bool:
        alarm = review.alarm
        key = f"alarm/{alarm.run}"
        labels = {"run": alarm.run, "environment": alarm.environment, "kind": "break-glass"}
        notice = Notice(key, alarm.title, alarm.text, "critical", labels)
        return await notifier.send(route, notice) == "sent"

    return tell


def _cluster(world: World, region: str) -> Tell:
    async def tell(review: Review) -> bool:
        held = await write_record(world.clusters[region], review)
        if held.closing is not None and review.closing is None:
            # A colleague closed it; the other clusters hear of it from here as well.
            await asyncio.to_thread(keep_closing, review.alarm, held.closing)
        return True

    return tell


async def _tell(channel: str, tell: Tell, reviews: list[Review]) -> str:
    """Why the channel did not take one; the rest then waits for the next round."""
    for review in reviews:
        try:
            async with asyncio.timeout(DEADLINE):
                is_taken = await tell(review)
        except TimeoutError:
            return f"no answer within {DEADLINE:g} s"
        except InfctlError as error:
            return error.what
        if not is_taken:
            return "it did not take it yet"
        await asyncio.to_thread(_note, review.alarm, channel, review.state)
    return ""


def _note(alarm: Alarm, channel: str, state: str) -> None:
    line = channel if channel.startswith("route/") else f"{channel} {state}"
    note_told(alarm, (line,))
