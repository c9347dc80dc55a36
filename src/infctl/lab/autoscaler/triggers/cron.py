"""The cron trigger: so many pods between two moments. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from infctl.lab.autoscaler.numbers import Refused, quoted, whole
from infctl.lab.autoscaler.triggers.common import (
    External,
    Reading,
    metric_kind,
    metric_name,
    needed,
)

_PART = r"(\*|\?|(\d{1,2}|[A-Za-z]{3})(-(\d{1,2}|[A-Za-z]{3}))?)(/\d{1,2})?"
_FIELD = rf"{_PART}(,{_PART}){{0,59}}"
_FIELDS = re.compile(rf"{_FIELD}( +{_FIELD}){{4}}")
_LETTERS = {" ": "", "*": "x", "/": "Sl", "?": "Qm", ",": "Cm"}


@dataclass(frozen=True, slots=True)
class Cron(External):
    """Active from each `start` to the next `end`, in a time zone."""

    zone: ZoneInfo
    start: str
    end: str
    replicas: int

    def read(self, now: datetime) -> Reading:
        """Inside the interval whenever its end comes before its next start."""
        local = now.astimezone(self.zone)
        is_inside = _next(self.end, local) <= _next(self.start, local)
        return Reading(float(self.replicas) if is_inside else 0.0, is_inside)


def _next(expression: str, after: datetime) -> datetime:
    return next(CronSim(expression, after))


def read_trigger(index: int, trigger: Mapping[str, Any]) -> Cron:
    """The trigger; Refused with the reason where it makes no sense."""
    metadata: Mapping[str, str] = trigger["metadata"]
    start, end = (_expression(needed(metadata, name), name) for name in ("start", "end"))
    if start == end:
        raise Refused("start and end are the same moment")
    replicas = whole(needed(metadata, "desiredReplicas"), "metadata.desiredReplicas")
    if not replicas:
        raise Refused("metadata.desiredReplicas is 0")
    zone = needed(metadata, "timezone")
    name = f"cron-{zone}-{_spelled(start)}-{_spelled(end)}"
    return Cron(
        metric=metric_name(index, name),
        label=str(trigger.get("name") or "cron"),
        threshold=1.0,
        kind=metric_kind(trigger),
        zone=_zone(zone),
        start=start,
        end=end,
        replicas=replicas,
    )


def _expression(text: str, what: str) -> str:
    """Five fields as KEDA takes them: without the library's L, W and #, and that come at all."""
    found = text.strip().replace("?", "*")
    try:
        if not _FIELDS.fullmatch(text.strip()):
            raise CronSimError("five fields are wanted")
        _next(found, datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC")))
    except (CronSimError, StopIteration) as error:
        reason = str(error) or "it never comes"
        raise Refused(f"metadata.{what} {quoted(text)} is no cron expression: {reason}") from None
    return found


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise Refused(f"metadata.timezone {quoted(name)} is unknown") from None


def _spelled(expression: str) -> str:
    for sign, letters in _LETTERS.items():
        expression = expression.replace(sign, letters)
    return expression
