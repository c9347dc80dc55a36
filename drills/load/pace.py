"""When a client sends: by the load's shape, or at the moments of a log that is replayed. No I/O."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from infctl.content.load_order import Order
from infctl.content.load_replay import Replayed
from infctl.content.load_shape import pause


class Pace(Protocol):
    """One client's times."""

    def wait(self) -> float | None:
        """Seconds from now to its next request; None where there is no further one."""


@dataclass(slots=True)
class Paced:
    """A client of a shape, `delay` seconds after the others; late requests are not made up for.

    `now` gives seconds after the load's start.
    """

    order: Order
    now: Callable[[], float]
    delay: float
    _due: float | None = None

    def wait(self) -> float:
        """As constant pacing of Locust does it, but by the rate of the moment."""
        now = self.now()
        if self._due is None:
            self._due = now + self.delay
        else:
            step = pause(self.order.shape, self.order.rate, self.order.users, self._due)
            self._due = max(self._due + step, now)
        return max(0.0, self._due - now)


@dataclass(slots=True)
class Repeated:
    """A client of a log; a late request is sent at once."""

    client: Replayed
    now: Callable[[], float]
    _next: int = 0

    def wait(self) -> float | None:
        """By the log's own times."""
        if self._next >= len(self.client.at):
            return None
        self._next += 1
        return max(0.0, self.client.at[self._next - 1] - self.now())


class Idle:
    """A client that never sends: workers get equally many."""

    def wait(self) -> float | None:
        """Never."""
        return None
