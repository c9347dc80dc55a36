"""What carries a kind of fault out: one small file for each way of hurting."""

from collections.abc import Callable, Sequence
from typing import Protocol

from infctl.lab.supervisor.fault import Fault

Active = Callable[[], Sequence[Fault]]
"""The faults in force."""


class Striker(Protocol):
    """Strikes and releases; it is told of the fault before it is in force, and after it is over."""

    def check(self, target: str) -> None:
        """Raise UnknownTarget where this kind of fault cannot strike that."""

    async def strike(self, fault: Fault) -> float:
        """Make it true; returns the moment when it was, in seconds since the epoch."""

    async def release(self, fault: Fault) -> list[str]:
        """Take it back but for what other faults hold; returns why parts are not ready again."""
