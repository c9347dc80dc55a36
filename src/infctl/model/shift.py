"""Shifts: regions that somebody took out of the answers, by whom, why and until when. Pure."""

import json
import math
from dataclasses import dataclass
from typing import Any

from infctl.model.snapshot import RegionSnapshot
from infctl.model.text import clean

LONGEST = 72 * 3600.0
"""Seconds after which a shift expires where nobody said less, as a zonal shift does at most.

Source: https://docs.aws.amazon.com/r53recovery/latest/dg/arc-zonal-shift.start-cancel.html
"""
SOON = 3600.0
"""Seconds before its end from which on a shift is said to expire soon."""


@dataclass(frozen=True, slots=True)
class Shift:
    """One region that is switched off; times are seconds since the epoch.

    What the switch does not say is empty, and then it counts as expired: every shift has an end.
    """

    region: str
    owner: str = ""
    reason: str = ""
    run: str = ""
    at: float | None = None
    expires: float | None = None

    def is_expired(self, now: float) -> bool:
        """Whether its time is over, or it never said one."""
        return self.expires is None or self.expires <= now

    def expires_soon(self, now: float) -> bool:
        """Whether it ends within the hour."""
        return self.expires is not None and now < self.expires <= now + SOON


def read_shift(region: str, body: bytes) -> Shift:
    """What a switch object says; anybody may have written it, so nothing in it is trusted."""
    try:
        found: Any = json.loads(body)
    except (ValueError, RecursionError):
        found = {}
    if not isinstance(found, dict):
        found = {}
    at = _moment(found.get("at"))
    expires = _moment(found.get("expires"))
    # Switches of an earlier release say when they were set, and no end.
    if expires is None and at is not None:
        expires = at + LONGEST
    return Shift(
        region,
        _text(found.get("who")),
        _text(found.get("reason")),
        _text(found.get("run")),
        at,
        expires,
    )


def latest(shifts: list[Shift]) -> Shift:
    """Of what several keepers say about one region, the word with the latest end."""
    return max(shifts, key=lambda s: (s.expires or 0.0, s.at or 0.0))


def cannot_return(region: RegionSnapshot) -> tuple[str, bool]:
    """Why a region must not get its traffic back by itself, and whether that was measured.

    An empty reason: it may.
    """
    replicas = region.replicas
    if not region.cluster_version.known:
        return f"its cluster: {region.cluster_version.reason}", False
    if not replicas.known or replicas.value is None:
        return f"its pods: {replicas.reason}", False
    if replicas.value.wanted < 1 or replicas.value.ready < replicas.value.wanted:
        return f"{replicas.value.ready} of {replicas.value.wanted} replicas ready", True
    if not region.store.known:
        return f"its object store: {region.store.reason}", False
    return "", True


def shift_line(shift: Shift, now: float) -> str:
    """A shift in a sentence for people."""
    owner = shift.owner or "somebody"
    why = shift.reason or "no reason given"
    return f"{shift.region} is off by {owner}: {why}; {end_of(shift, now)}"


def end_of(shift: Shift, now: float) -> str:
    """When a shift ends, in words."""
    if shift.expires is None:
        return "EXPIRED (it says no end)"
    if shift.is_expired(now):
        return f"EXPIRED {_span(now - shift.expires)} ago"
    return f"expires in {_span(shift.expires - now)}"


def _span(seconds: float) -> str:
    minutes = int(seconds // 60)
    if minutes < 1:
        return f"{int(seconds)}s"
    return f"{minutes // 60}h{minutes % 60:02d}m" if minutes >= 60 else f"{minutes}m"


def _moment(value: Any) -> float | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    # Beyond the year 9999 no date can be shown.
    return float(value) if is_number and math.isfinite(value) and 0 <= value < 2.5e11 else None


def _text(value: Any) -> str:
    return clean(value, limit=200) if isinstance(value, str) else ""
