"""This machine's time."""

import asyncio
import time


class SystemClock:
    """Wall time for people, boot time (suspend included) for durations."""

    def wall(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def boottime(self) -> float:
        """Seconds since boot."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
