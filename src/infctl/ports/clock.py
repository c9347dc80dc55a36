"""Time as a port, so that the engine runs under a simulated clock."""

from typing import Protocol


class Clock(Protocol):
    """Wall time is only displayed; durations use a clock that counts suspend (CLOCK_BOOTTIME)."""

    def wall(self) -> float:
        """Seconds since the epoch, UTC."""

    def boottime(self) -> float:
        """Seconds since boot, suspend included; never goes back."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""
