"""A machine's clocks: wall time that can step, boot time that counts suspend and may run fast."""

import asyncio
from dataclasses import dataclass

from infctl.fakes.clock import EPOCH, FakeClock

_TICK = 1e-9


@dataclass
class HostClock:
    """`rate` is how many of its seconds pass in a true one; `step` what its wall time is off by."""

    rate: float = 1.0
    step: float = 0.0
    booted: float = 1000.0

    def wall(self) -> float:
        """Seconds since the epoch, as this machine believes."""
        return EPOCH + self.boottime() + self.step

    def boottime(self) -> float:
        """Seconds since this machine's boot."""
        return self.booted + self.rate * asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Wait by this machine's clock."""
        # Less than a clock can tell would be slept again and again, and time stand still.
        least = _TICK if seconds > 0 else 0.0
        await asyncio.sleep(max(seconds / self.rate, least))


@dataclass
class WorldClock(FakeClock):
    """True time, by which servers live."""

    def wall(self) -> float:
        """Seconds since the epoch."""
        return EPOCH + self.boottime()

    def boottime(self) -> float:
        """Seconds since the world began."""
        return self.now + asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(max(seconds, 0.0))
