"""How long copies wait before they are made, for each direction; some only for a time."""

import time
from typing import Final

USUAL_SECONDS: Final = 1.0
LONGEST_SECONDS: Final = 86400.0
ANY: Final = "*"


class Delays:
    """By the regions from which and to which; `*` stands for any. The narrower one counts."""

    def __init__(self) -> None:
        self._set: dict[tuple[str, str], tuple[float, float]] = {}

    def put(self, way: tuple[str, str], seconds: float, ttl: float | None = None) -> None:
        """Set a delay, for `ttl` seconds where that is given; ValueError out of bounds."""
        for value in (seconds, ttl if ttl is not None else 0.0):
            if not 0 <= value <= LONGEST_SECONDS:
                raise ValueError(f"must be from 0 to {LONGEST_SECONDS:.0f} seconds")
        until = float("inf") if ttl is None else time.monotonic() + ttl
        self._set[way] = (seconds, until)

    def remove(self, way: tuple[str, str]) -> None:
        """Go back to the usual delay."""
        self._set.pop(way, None)

    def of(self, source: str, target: str) -> float:
        """Seconds for a direction, now."""
        for way in ((source, target), (source, ANY), (ANY, target), (ANY, ANY)):
            seconds, until = self._set.get(way, (0.0, 0.0))
            if time.monotonic() < until:
                return seconds
        return USUAL_SECONDS

    def known(self) -> set[tuple[str, str]]:
        """The directions, without wildcards, that have a delay of their own now."""
        now = time.monotonic()
        return {way for way, (_, until) in self._set.items() if now < until and ANY not in way}


delays: Final = Delays()
