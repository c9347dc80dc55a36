"""Conditions on a field of an object or on a signal: paths, comparisons, judgements. Pure."""

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from infctl.engine.handler import blind, not_yet, passed
from infctl.model.outcome import Outcome
from infctl.model.text import clean

_STEP = re.compile(r"([A-Za-z0-9_-]{1,63})(?:\[([A-Za-z0-9_-]{1,63})=([A-Za-z0-9_./-]{1,253})\])?")
_MOST = 16
Comparison = Callable[[Any, Any], bool]
COMPARISONS: dict[str, Comparison] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
"""How a value may be held against a bound."""


def path(value: Any) -> str:
    """The rule for a path: status.readyReplicas, status.conditions[type=Ready].status."""
    words = "a path such as status.conditions[type=Ready].status"
    return "" if isinstance(value, str) and steps_of(value) else words


def steps_of(text: str) -> list[tuple[str, str, str]]:
    """A path's steps: name, and the key and value that choose an item; empty where it is none."""
    found: list[tuple[str, str, str]] = []
    place = 0
    while place < len(text) and len(found) < _MOST:
        match = _STEP.match(text, place)
        if match is None:
            return []
        found.append((match[1], match[2] or "", match[3] or ""))
        place = match.end() + 1
        if match.end() < len(text) and (text[match.end()] != "." or place == len(text)):
            return []
    return found if place >= len(text) else []


def value_at(found: Any, text: str) -> Any:
    """The value at a path; None where there is none."""
    place = found
    for name, key, wanted in steps_of(text):
        place = place.get(name) if isinstance(place, Mapping) else None
        if key:
            items = place if isinstance(place, list) else []
            chosen = (i for i in items if isinstance(i, Mapping) and str(i.get(key)) == wanted)
            place = next(chosen, None)
    return place


def judge(what: str, value: Any, comparison: str, bound: Any) -> Outcome:
    """Whether a value is as wanted; None, and what cannot be compared, was not measured."""
    if value is None:
        return blind(f"{what}: no value")
    if isinstance(value, bool) != isinstance(bound, bool):
        return blind(f"{what}: {clean(str(value), limit=80)} cannot be held against {bound}")
    try:
        is_right = COMPARISONS[comparison](value, bound)
    except TypeError:
        return blind(f"{what}: {clean(str(value), limit=80)} cannot be held against {bound}")
    sentence = f"{what}: {clean(str(value), limit=80)}, wanted {comparison} {bound}"
    return passed(sentence) if is_right else not_yet(sentence)
