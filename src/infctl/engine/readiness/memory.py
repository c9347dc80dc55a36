"""known_state: what a recovery leans on where control planes do not answer, and how old it is."""

from infctl.content.known_zone import OLDEST
from infctl.engine.readiness.examination import Examination, Finding, failed, passed

FRESH_SECONDS = 3600.0
"""Two looks, half an hour apart, may be missed: then nobody renews it."""
_LEANS = "a recovery without Route 53's control plane"
_HINT = "infctl status, once Route 53 answers"


def known_state(found: Examination) -> list[Finding]:
    """The zone was read a short while ago, and may still be used."""
    known = found.known
    if known is None:
        return [failed("", _HINT, f"{_LEANS} has nothing to lean on: nothing is remembered here")]
    if known.value is None:
        return [failed("", _HINT, f"{_LEANS} has nothing to lean on: {known.reason}")]
    age = max(0.0, found.now - known.at)
    sentence = f"{_LEANS} leans on what was read {_ago(age)} ago"
    if age > FRESH_SECONDS:
        rest = max(0.0, OLDEST - age)
        return [failed("", _HINT, f"{sentence}: stale, and not used any more in {_ago(rest)}")]
    return [passed("", f"{sentence}: fresh")]


def _ago(seconds: float) -> str:
    for unit, size in (("d", 86_400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
