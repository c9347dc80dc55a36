"""Virtual time: whoever sleeps makes it pass."""

import asyncio
from dataclasses import dataclass

EPOCH = 1_700_000_000.0


@dataclass
class FakeClock:
    """Starts at `now` seconds after a boot at EPOCH; sleeping takes no real time."""

    now: float = 1000.0

    def wall(self) -> float:
        """Seconds since the epoch."""
        return EPOCH + self.now

    def boottime(self) -> float:
        """Seconds since boot."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Let time pass, and others run."""
        self.now += max(seconds, 0.0)
        await asyncio.sleep(0)
