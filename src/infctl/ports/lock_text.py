"""A holding as text, for places that keep texts; what lies there may be anybody's. Pure."""

import hashlib
import json
import math
from dataclasses import asdict
from typing import Any

from infctl.model.fence import NEWEST
from infctl.model.text import clean
from infctl.ports.lock import Holding

LONGEST = 8192
"""Characters of a record that anybody needs."""
LONGEST_TEXT = 256
_TEXTS = ("id", "holder", "host", "run", "step")


def encode(holding: Holding) -> str:
    """One line of JSON."""
    return json.dumps(asdict(holding), sort_keys=True)


def decode(text: Any) -> Holding | None:
    """The record that a text holds; None where it is no whole one."""
    if not isinstance(text, str) or len(text) > LONGEST:
        return None
    try:
        data = json.loads(text)
        found = Holding(**data)
    except (ValueError, TypeError, RecursionError):
        return None
    return found if _is_whole(found) else None


def _is_whole(found: Holding) -> bool:
    texts = all(
        isinstance(value := getattr(found, name), str) and len(value) <= LONGEST_TEXT
        for name in _TEXTS
    )
    numbers = all(
        type(value) is int and 0 <= value <= NEWEST
        for value in (found.fence, found.renewal, found.pid)
    )
    moments = all(
        type(value) in (int, float) and math.isfinite(value) and value >= 0
        for value in (found.since, found.duration)
    )
    return texts and numbers and moments and bool(found.id) and isinstance(found.free, bool)


def unreadable(text: Any, who: Any) -> Holding:
    """What cannot be read is held by nobody knows whom: it never runs out, only a break ends it."""
    content = json.dumps([text, who], default=str, sort_keys=True)
    digest = hashlib.sha256(content.encode(errors="replace")).hexdigest()[:16]
    return Holding(
        id=digest,
        holder=clean(str(who or "unknown"), limit=80),
        host="",
        pid=0,
        run="",
        fence=_salvage(text),
        renewal=0,
        since=0.0,
        duration=math.inf,
    )


def _salvage(text: Any) -> int:
    """The fence of a record that is otherwise broken, if at least that can be read."""
    try:
        data = json.loads(text) if isinstance(text, str) and len(text) <= LONGEST else None
    except (ValueError, RecursionError):
        return 0
    fence = data.get("fence") if isinstance(data, dict) else None
    return fence if type(fence) is int and 0 <= fence < NEWEST else 0
