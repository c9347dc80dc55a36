"""The time between asking a container to end and killing it."""

import asyncio
import signal

from infctl.lab.agent.attempt import Attempt
from infctl.lab.agent.records import Ending


class Grace:
    """Runs out after so many seconds, or earlier if somebody asks for less meanwhile."""

    def __init__(self, seconds: float) -> None:
        self._end = asyncio.get_running_loop().time() + seconds
        self._shortened = asyncio.Event()

    @property
    def remaining(self) -> float:
        """Seconds that are left."""
        return max(0.0, self._end - asyncio.get_running_loop().time())

    def shorten(self, seconds: float) -> None:
        """Let it end `seconds` from now if that is earlier."""
        end = asyncio.get_running_loop().time() + seconds
        if end < self._end:
            self._end = end
            self._shortened.set()

    async def wait(self, ended: "asyncio.Task[Ending]") -> bool:
        """Wait for a container; False if it has not ended in time."""
        while not ended.done() and self.remaining:
            self._shortened.clear()
            shortened = asyncio.create_task(self._shortened.wait())
            try:
                await asyncio.wait(
                    {ended, shortened},
                    timeout=self.remaining,
                    return_when=asyncio.FIRST_COMPLETED,
                )
            finally:
                shortened.cancel()
        return ended.done()


async def end(attempt: Attempt, grace: Grace) -> Ending:
    """SIGTERM, then SIGKILL where the time runs out."""
    attempt.signal(signal.SIGTERM)
    ended = asyncio.create_task(attempt.ended())
    try:
        if await grace.wait(ended):
            return ended.result()
        return await attempt.kill()
    finally:
        ended.cancel()
