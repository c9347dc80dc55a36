"""How long a container that ended waits before it is started again, as the kubelet does it."""

FIRST = 10.0
LONGEST = 300.0


class BackOff:
    """The first restart is made at once, then after 10 s, 20 s, up to 5 minutes.

    Ten minutes without a restart let it begin anew. Times are seconds of any one clock.
    """

    def __init__(self, first: float = FIRST, longest: float = LONGEST) -> None:
        self._first = first
        self._longest = longest
        self._delay = 0.0
        self._at = 0.0

    @property
    def delay(self) -> float:
        """The delay in force, 0 before the first restart."""
        return self._delay

    def wait(self, finished: float, now: float) -> float:
        """Seconds still to wait for a container that ended at `finished`."""
        if finished - self._at > 2 * self._longest:
            self._delay = 0.0
        return max(0.0, finished + self._delay - now)

    def note(self, now: float) -> None:
        """A restart is made now."""
        self._delay = min(self._delay * 2, self._longest) if self._delay else self._first
        self._at = now
