"""Numbers as triggers write them and as Kubernetes reads them. Pure."""

import math
import re

_FLOAT = re.compile(r"[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,3})?")
_WHOLE = re.compile(r"\d{1,9}")
_SWITCH = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}
_SUFFIXES = ("m", "", "k", "M", "G", "T", "P")
_LARGEST = 9e15
"""The HorizontalPodAutoscaler reckons in thousandths, as 64-bit integers."""


class Refused(ValueError):
    """Something in a ScaledObject that cannot be done; the text is for its owner."""


def quoted(text: object) -> str:
    """Somebody's text in a message: one short line without control characters."""
    return repr(str(text)[:80])


def number(text: str, what: str) -> float:
    """A finite number; Refused otherwise."""
    found = float(text) if _FLOAT.fullmatch(text) else math.nan
    if not math.isfinite(found):
        raise Refused(f"{what} is no number: {quoted(text)}")
    return found


def whole(text: str, what: str) -> int:
    """A number from 0 to 999,999,999; Refused otherwise."""
    if not _WHOLE.fullmatch(text):
        raise Refused(f"{what} is no whole number: {quoted(text)}")
    return int(text)


def switch(text: str, what: str) -> bool:
    """true or false, as KEDA reads them; Refused otherwise."""
    try:
        return _SWITCH[text.lower()]
    except KeyError:
        raise Refused(f"{what} is neither true nor false: {quoted(text)}") from None


def quantity(value: float) -> str:
    """A Kubernetes quantity to a thousandth, as the server spells it; nothing below zero."""
    thousandths = 0 if math.isnan(value) else round(min(max(value, 0), _LARGEST) * 1000)
    if not thousandths:
        return "0"
    for suffix in _SUFFIXES:
        if thousandths % 1000:
            return f"{thousandths}{suffix}"
        thousandths //= 1000
    return f"{thousandths}E"
