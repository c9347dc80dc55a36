"""Delivers what waits, in the background of every program that has the environment open."""

import asyncio
import logging
from dataclasses import replace

from infctl.executor.alarms.delivery import deliver
from infctl.ports.world import World

AGAIN_SECONDS = 15.0
"""Between two rounds: whoever can be reached again is told well within a minute."""
_LINGER = 2.0
_BRIEFLY = 1.0
"""Seconds: in an outage nobody wants each command to take longer."""
_log = logging.getLogger(__name__)


class Courier:
    """Rounds until it is stopped. What goes wrong is for the next round, never for its host."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._wake = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._idle = asyncio.Event()

    def start(self) -> None:
        """Begin; twice is once."""
        if self._running is None or self._running.done():
            self._running = asyncio.get_running_loop().create_task(self._run())

    def wake(self) -> None:
        """Something is new: do not wait for the next round."""
        self._idle.clear()
        self._wake.set()

    async def stop(self, patience: float = _LINGER) -> None:
        """End; a round that is under way has a little time left."""
        if self._running is None:
            return
        try:
            async with asyncio.timeout(patience):
                await self._idle.wait()
        except TimeoutError:
            _log.info("alarms wait for the next program that has the environment open")
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        self._running = None

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            await self._round()
            if not self._wake.is_set():
                self._idle.set()
            try:
                async with asyncio.timeout(AGAIN_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _round(self) -> None:
        try:
            missing = await deliver(self._world)
        except Exception:
            _log.exception("alarms were not delivered")
            return
        for channel, why in missing.items():
            _log.info("%s was not told of an alarm: %s", channel, why)


def carrying(world: World) -> World:
    """The world for a program that asks: once it is warm, alarms that wait are delivered."""
    courier = Courier(world)

    async def warm() -> None:
        await world.warm()
        courier.start()

    async def close() -> None:
        await courier.stop(_BRIEFLY)
        await world.close()

    return replace(world, warm=warm, close=close)
