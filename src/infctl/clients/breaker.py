"""A breaker: an endpoint that does not answer is left alone for a moment, and says so at once.

Source of the pattern: M. Nygard, "Release It!", 2nd edition, 2018, chapter 5.
"""

import time
from collections.abc import Callable

from infctl.errors import Unreachable

THRESHOLD = 3
REST_SECONDS = 2.0


class Breaker:
    """Opens after `THRESHOLD` failures in a row; after `REST_SECONDS` one question may try again.

    It rests for so short a time that a region which was healed is seen again within seconds.
    """

    def __init__(self, endpoint: str, now: Callable[[], float] = time.monotonic) -> None:
        self._endpoint = endpoint
        self._now = now
        self._failures = 0
        self._closed_again = 0.0
        self._reason = ""

    def check(self) -> None:
        """Raise Unreachable while it is open."""
        rest = self._closed_again - self._now()
        if self._failures >= THRESHOLD and rest > 0:
            raise Unreachable(f"{self._endpoint} does not answer ({self._reason})")
        if self._failures >= THRESHOLD:
            # This question tries; those that come meanwhile are told at once.
            self._closed_again = self._now() + REST_SECONDS

    def succeed(self) -> None:
        """It answered."""
        self._failures = 0

    def fail(self, reason: str) -> None:
        """It did not answer."""
        self._failures += 1
        self._reason = reason
        self._closed_again = self._now() + REST_SECONDS
