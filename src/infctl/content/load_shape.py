"""Shapes of load: what may be asked for, and how fast clients send at a moment. Pure."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from infctl.ports.load import STEADY, Shape

LARGEST_RATE = 1_000_000.0
LONGEST_SECONDS = 7 * 86_400.0
FASTEST, SLOWEST = 1000.0, 0.001
MOST_COUNTRIES = 64
LARGEST_SHARE = 1_000_000.0
_STEP_SECONDS = 0.1
_LONGEST_PAUSE = 600.0
_COUNTRY = re.compile(r"[A-Z]{2}")
_PEAK = {"peak": (0.01, LARGEST_RATE)}
_OVER = {"over": (0.1, LONGEST_SECONDS)}
_AFTER = {"after": (0.0, LONGEST_SECONDS)}
NEEDED: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "steady": {},
    "ramp": {**_PEAK, **_OVER},
    "spike": {**_PEAK, **_OVER},
    "diurnal": {**_PEAK, **_OVER},
    "replay": {},
}
"""The numbers that each kind needs, with their bounds."""
_MORE: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "ramp": _AFTER,
    "spike": _AFTER,
    "replay": {"speed": (SLOWEST, FASTEST)},
}
KINDS = tuple(NEEDED)


def shape_problem(value: Any) -> str:
    """What a shape must be, where it is none; empty where it is right. Never repeats its values."""
    if not isinstance(value, Mapping) or value.get("kind") not in KINDS:
        return f"a mapping whose kind is one of {', '.join(KINDS)}"
    kind = value["kind"]
    known = {**NEEDED[kind], **_MORE.get(kind, {})}
    texts = {"source"} if kind == "replay" else set()
    if any(key not in known and key not in texts and key != "kind" for key in value):
        return f"for {kind} a mapping of {', '.join(('kind', *known, *texts))}, and nothing else"
    for name, (least, most) in known.items():
        if name in value or name in NEEDED[kind]:
            problem = _number_problem(value.get(name), least, most)
            if problem:
                return f"for {kind} a mapping with {name}: {problem}"
    source = value.get("source")
    if texts and not (isinstance(source, str) and 0 < len(source) <= 4096 and "\0" not in source):
        return "for replay a mapping with source: the path of a request log"
    return ""


def _number_problem(value: Any, least: float, most: float) -> str:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    # NaN is in no bounds.
    return "" if is_number and least <= value <= most else f"a number from {least:g} to {most:g}"


def read_shape(value: Mapping[str, Any] | None) -> Shape:
    """A shape of data without a problem; steady where there is none."""
    return Shape(**dict(value)) if value else STEADY


def shape_data(shape: Shape) -> dict[str, Any]:
    """A shape as the data that `read_shape` reads."""
    known = {"kind", *NEEDED[shape.kind], *_MORE.get(shape.kind, {})}
    known |= {"source"} if shape.kind == "replay" else set()
    return {key: value for key, value in asdict(shape).items() if key in known}


def countries_problem(value: Any) -> str:
    """What countries must be, where they are not that."""
    words = "a mapping of 1 to 64 countries (two capitals) to their shares, numbers above 0"
    if not isinstance(value, Mapping) or not 1 <= len(value) <= MOST_COUNTRIES:
        return words
    for code, share in value.items():
        if not isinstance(code, str) or not _COUNTRY.fullmatch(code):
            return words
        if _number_problem(share, SLOWEST, LARGEST_SHARE):
            return words
    return ""


def rate_at(shape: Shape, rate: float, elapsed: float) -> float:
    """Requests per second, so many seconds after the load's start; a replay has its own times."""
    inside = elapsed - shape.after
    if shape.kind == "ramp":
        return rate + (shape.peak - rate) * min(1.0, max(0.0, inside / shape.over))
    if shape.kind == "spike":
        return shape.peak if 0 <= inside < shape.over else rate
    if shape.kind == "diurnal":
        day = (1 - math.cos(2 * math.pi * elapsed / shape.over)) / 2
        return rate + (shape.peak - rate) * day
    return rate


def pause(shape: Shape, rate: float, users: int, elapsed: float) -> float:
    """Seconds from one request of one of `users` clients to its next; ten minutes at most."""
    if shape.kind == "steady":
        return min(users / rate, _LONGEST_PAUSE)
    sent, passed = 0.0, 0.0
    while passed < _LONGEST_PAUSE:
        speed = rate_at(shape, rate, elapsed + passed) / users
        if sent + speed * _STEP_SECONDS >= 1:
            return passed + (1 - sent) / speed
        sent += speed * _STEP_SECONDS
        passed += _STEP_SECONDS
    return _LONGEST_PAUSE


def apportion(users: int, countries: Sequence[tuple[str, float]]) -> list[str]:
    """Each client's country: by largest remainder, and evenly mixed; empty ones without any."""
    if not countries:
        return [""] * users
    whole = sum(share for _, share in countries)
    exact = {code: users * share / whole for code, share in countries}
    counts = {code: int(number) for code, number in exact.items()}
    by_rest = sorted(exact, key=lambda code: counts[code] - exact[code])
    for code in by_rest[: users - sum(counts.values())]:
        counts[code] += 1
    places = [
        ((number + 0.5) / count, code) for code, count in counts.items() for number in range(count)
    ]
    return [code for _, code in sorted(places)]
