"""The hosted zone: as it is now, else as it was known, with what data planes say meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from infctl.model.measured import Measured, unknown
from infctl.model.question import Question
from infctl.observe.reading import measure
from infctl.ports.cloud import CloudState
from infctl.ports.world import World

T = TypeVar("T")

SOURCE = "route53"
HEDGE = 0.5
"""Seconds after which data planes are asked as well: who recovers must not wait for Route 53."""


async def read_zone(
    world: World, zone: str, deadline: float, otherwise: Callable[[CloudState], Awaitable[T]]
) -> tuple[Measured[CloudState], T | None]:
    """The zone, fresh; or as it was known, marked as stale, with what `otherwise` found of it.

    What is fresh is remembered. Without either there is no value, but the reasons.
    """
    reading = asyncio.create_task(measure(world.names.read(zone), SOURCE, deadline))
    checking: asyncio.Task[T] | None = None
    try:
        done, _ = await asyncio.wait({reading}, timeout=HEDGE)
        known: Measured[CloudState] = unknown(SOURCE, 0.0, "")
        if not (done and reading.result().known) and world.known is not None:
            known = await world.known.recall(zone)
            if known.value is not None:
                checking = asyncio.ensure_future(_asked(Question(otherwise(known.value))))
        fresh = await reading
        if fresh.value is not None:
            if world.known is not None:
                await world.known.keep(zone, fresh.value)
            return fresh, None
        if checking is None:
            reasons = filter(None, (fresh.reason, known.reason))
            return unknown(SOURCE, fresh.at, "; ".join(reasons)), None
        return known.stale(fresh.reason), await checking
    finally:
        await _leave(reading, checking)


async def _asked(question: Awaitable[T]) -> T:
    return await question


async def _leave(*tasks: "asyncio.Task[Any] | None") -> None:
    begun = [task for task in tasks if task is not None]
    for task in begun:
        task.cancel()
    await asyncio.gather(*begun, return_exceptions=True)
