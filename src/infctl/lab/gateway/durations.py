"""Gateway API's durations (GEP-2257)."""

import re

from infctl.lab.gateway.objects import Unsupported

_DURATION = re.compile(r"(?:\d{1,5}(?:h|ms|m|s)){1,4}")
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def seconds(text: str) -> float:
    """A duration in seconds; Unsupported where it is none."""
    if not isinstance(text, str) or not _DURATION.fullmatch(text):
        raise Unsupported(f"not a duration: {str(text)[:40]!r}")
    return sum(int(n) * _UNITS[u] for n, u in re.findall(r"(\d+)(h|ms|m|s)", text))


def envoy_seconds(text: str) -> str:
    """The same as Envoy's JSON reads it."""
    return f"{seconds(text):.9g}s"


def positive(text: str) -> str:
    """The same, where Envoy refuses nothing at all."""
    if not seconds(text):
        raise Unsupported(f"{text} must be more than nothing")
    return envoy_seconds(text)
