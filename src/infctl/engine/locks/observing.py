"""Since when each place's record has not changed, as our own clock tells it."""

import math
from dataclasses import dataclass, field

from infctl.ports.lock import Holding, Seen

LONGEST_LEASE = 300.0
"""Seconds; a record that claims a longer lease is not waited for any longer."""

_Mark = tuple[str, int, str]


@dataclass
class Observations:
    """Notes of what was read; `alive` are the ids whose record was seen to change."""

    duration: float
    alive: set[str] = field(default_factory=set)
    _since: dict[str, tuple[_Mark, float]] = field(default_factory=dict)

    def note(self, site: str, seen: Seen, now: float) -> None:
        """Remember a record; `now` is when its answer had come."""
        holding = seen.holding
        mark = ("", 0, seen.version)
        if holding is not None:
            mark = (holding.id, holding.renewal, seen.version)
        known = self._since.get(site)
        if known is not None and known[0] == mark:
            return
        if known is not None and holding is not None and known[0][0] == holding.id:
            self.alive.add(holding.id)
        self._since[site] = (mark, now)

    def has_expired(self, site: str, holding: Holding, now: float) -> bool:
        """Whether its holder may be taken for dead: unchanged for a whole lease."""
        known = self._since.get(site)
        if known is None or math.isinf(holding.duration):
            return False
        lease = max(self.duration, min(holding.duration, LONGEST_LEASE))
        return now - known[1] >= lease


def looks_alive(holding: Holding, *, wall: float, retry: float, duration: float) -> bool:
    """A guess by wall time, good only to choose between refusing now and watching on."""
    if math.isinf(holding.duration):
        return True
    return abs(wall - (holding.since + holding.renewal * retry)) <= duration
