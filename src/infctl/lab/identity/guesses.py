"""How often somebody may guess wrong: a few times a minute for each name."""

from collections import deque
from dataclasses import dataclass, field

UNKNOWN = ""
"""The one name under which all names are counted that are nobody's."""


@dataclass
class Guesses:
    """At most `limit` wrong guesses within `window` seconds; then none at all until they age."""

    limit: int = 5
    window: float = 60.0
    _wrong: dict[str, deque[float]] = field(default_factory=dict)

    def wait(self, name: str, now: float) -> float:
        """Seconds until the next guess is looked at; 0 where it is now."""
        wrong = self._wrong.get(name)
        if not wrong or len(wrong) < self.limit:
            return 0.0
        return max(0.0, wrong[0] + self.window - now)

    def count(self, name: str, now: float) -> None:
        """A guess was wrong."""
        self._wrong.setdefault(name, deque(maxlen=self.limit)).append(now)

    def forget(self, name: str) -> None:
        """A guess was right."""
        self._wrong.pop(name, None)
