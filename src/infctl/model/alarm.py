"""The alarm of a broken glass, and the review that stays open until somebody closes it. Pure."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from infctl.model.names import is_name
from infctl.model.text import clean

OPEN, CLOSED = "open", "closed"
_LONG = 400
_MOST = 32


@dataclass(frozen=True, slots=True)
class Alarm:
    """Who overrode which guards with which run, why, and what stood in the way.

    `at` is seconds since the epoch; the run's id is the alarm's name, so that raising it twice is
    raising it once.
    """

    run: str
    environment: str
    what: str
    guards: tuple[str, ...]
    reason: str
    by: str
    at: float
    evidence: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """One line for people who look at nothing else."""
        return f"glass broken in {self.environment}: {', '.join(self.guards)}"

    @property
    def text(self) -> str:
        """What a notice says."""
        return "\n".join(
            (
                f"{self.what} (run {self.run}) by {self.by}: {self.reason}",
                *self.evidence,
                f"its review is open: infctl reviews close {self.run} --reason WHY",
            )
        )


@dataclass(frozen=True, slots=True)
class Closing:
    """Who closed a review, when, and what was found."""

    by: str
    at: float
    why: str


@dataclass(frozen=True, slots=True)
class Review:
    """An alarm, and its closing where there is one."""

    alarm: Alarm
    closing: Closing | None = None

    @property
    def state(self) -> str:
        """`open` or `closed`."""
        return OPEN if self.closing is None else CLOSED

    def merged(self, other: "Review") -> "Review":
        """Closed where one of both is, by the earlier closing; nothing opens a review again."""
        found = [r.closing for r in (self, other) if r.closing is not None]
        return Review(self.alarm, min(found, key=lambda c: c.at, default=None))


def alarm_text(alarm: Alarm) -> str:
    """Its JSON, in one line."""
    return json.dumps(asdict(alarm), sort_keys=True)


def closing_text(closing: Closing) -> str:
    """Its JSON, in one line."""
    return json.dumps(asdict(closing), sort_keys=True)


def read_alarm(text: str) -> Alarm | None:
    """An alarm from its JSON, safe to show; None where it is none."""
    data = _mapping(text)
    try:
        run, environment = str(data["run"]), str(data["environment"])
        if not (is_name(run) and is_name(environment)):
            return None
        return Alarm(
            run,
            environment,
            _line(data["what"]),
            _lines(data["guards"]),
            _line(data["reason"]),
            _line(data["by"]),
            _moment(data["at"]),
            _lines(data.get("evidence", [])),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def read_closing(text: str) -> Closing | None:
    """A closing from its JSON, safe to show; None where it is none."""
    data = _mapping(text)
    try:
        return Closing(_line(data["by"]), _moment(data["at"]), _line(data["why"]))
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _mapping(text: str) -> Mapping[str, Any]:
    try:
        data = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _line(value: Any) -> str:
    return clean(str(value), limit=_LONG)


def _lines(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise TypeError("no list")
    return tuple(_line(one) for one in value[:_MOST])


def _moment(value: Any) -> float:
    at = float(value)
    if not math.isfinite(at):
        raise ValueError("no moment")
    return at
