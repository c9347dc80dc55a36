"""What stands over all regions: whether a recovery would work, and broken glass without a review.

Read in the background while the console is open; it never delays a picture of the regions.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from infctl.errors import InfctlError
from infctl.executor.alarms import read_reviews
from infctl.executor.looking import keep_looking
from infctl.model.text import clean
from infctl.platform import Platform
from infctl.ports.world import World

EVERY = 15.0


class Standing:
    """Begins with `start`; `lines` is what it knows by now, nothing where all is well."""

    def __init__(
        self, platform: Platform, world: World, open_another: Callable[[], World] | None
    ) -> None:
        self._platform = platform
        self._world = world
        self._open_another = open_another
        self._doctor = ""
        self._glass = ""
        self._running: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin; twice is once."""
        if self._running:
            return
        running = [self._watch_glass()]
        if self._open_another is not None:
            # Connections of its own: thirty questions at once would keep the pictures waiting.
            running.append(keep_looking(self._open_another, self._platform, self._hear))
        self._running = [asyncio.create_task(each) for each in running]

    def lines(self) -> tuple[str, ...]:
        """One line each."""
        known = (self._glass, self._doctor, *map(_failure, self._running))
        return tuple(clean(line, limit=300) for line in known if line)

    async def stop(self) -> None:
        """End what runs."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _hear(self, sentence: str) -> None:
        self._doctor = f"{sentence}; infctl doctor" if sentence else ""

    async def _watch_glass(self) -> None:
        while True:
            with suppress(InfctlError):
                self._glass = (await read_reviews(self._world)).sentence
            await asyncio.sleep(EVERY)


def _failure(task: "asyncio.Task[None]") -> str:
    """An old line must not look like a new one."""
    error = task.exception() if task.done() and not task.cancelled() else None
    return "" if error is None else f"a bug in infctl: {type(error).__name__}; not read any more"
