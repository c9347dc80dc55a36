"""A value with the time and the source of its measurement."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class Measured(Generic[T]):
    """What was read, when (seconds since the epoch, UTC) and from where.

    `value` is None where nothing could be read; `reason` then says why. A value carried over from
    an earlier reading keeps its own `at`, and has a `reason` too: it is stale.
    """

    value: T | None
    at: float
    source: str
    reason: str = ""

    @property
    def known(self) -> bool:
        """Whether there is a value and it is from the latest reading."""
        return self.value is not None and not self.reason

    def age(self, now: float) -> float:
        """Seconds since the measurement, never negative."""
        return max(0.0, now - self.at)

    def stale(self, reason: str) -> "Measured[T]":
        """The same value, marked as carried over because of `reason`."""
        return replace(self, reason=reason)

    def map(self, change: Callable[[T], U]) -> "Measured[U]":
        """The value changed, its time and source kept."""
        value = None if self.value is None else change(self.value)
        return Measured(value, self.at, self.source, self.reason)


def unknown(source: str, at: float, reason: str) -> Measured[T]:
    """Nothing could be read."""
    return Measured(None, at, source, reason)
