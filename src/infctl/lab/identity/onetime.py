"""Time-based one-time passwords (RFC 6238): six digits, thirty seconds, SHA-1 as all apps have it.

A counter is the number of the thirty seconds since the epoch.
"""

import base64
import hmac

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

STEP = 30
_DIGITS = 6
_TOLERANCE = 1
"""How many steps a clock may be off, either way."""


def counter_at(now: float) -> int:
    """The counter of a moment."""
    return int(now) // STEP


def make(factor: str, counter: int) -> str:
    """The code of a counter, from a secret in base 32."""
    return _generator(factor).generate(counter * STEP).decode()


def find(factor: str, code: str, now: float, last: int) -> int | None:
    """The counter whose code that is; None for a wrong one, and for one not newer than `last`."""
    around = counter_at(now)
    for counter in range(max(around - _TOLERANCE, last + 1), around + _TOLERANCE + 1):
        if hmac.compare_digest(make(factor, counter).encode(), code.encode()):
            return counter
    return None


def next_unused(now: float, last: int) -> tuple[int, float]:
    """The first counter that is newer than `last`, and in how many seconds it is accepted."""
    counter = max(counter_at(now), last + 1)
    return counter, max(0.0, (counter - _TOLERANCE) * STEP - now)


def enrolment(factor: str, name: str, issuer: str) -> str:
    """The otpauth URI that an authenticator app takes."""
    return _generator(factor).get_provisioning_uri(name, issuer)


def _generator(factor: str) -> TOTP:
    return TOTP(base64.b32decode(factor), _DIGITS, SHA1(), STEP)  # noqa: S303 - RFC 6238's own
