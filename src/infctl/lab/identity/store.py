"""What was granted and lives still: codes, device requests, tokens. In memory, as the cloud is."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from infctl.lab.identity.desk import Login

T = TypeVar("T")

_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
_HALF = 4
MOST = 1000
"""How many entries of a kind are kept at once; then the oldest goes."""


@dataclass
class Grant:
    """A login and what it was asked for; all its tokens end when it is revoked."""

    login: Login
    scopes: tuple[str, ...]
    nonce: str = ""
    is_revoked: bool = False


@dataclass
class Code:
    """An authorization code, bound to its redirect address and to a challenge (RFC 7636)."""

    grant: Grant
    redirect: str
    challenge: str
    is_used: bool = False


@dataclass
class Refresh:
    """A refresh token; used twice, it ends the whole grant."""

    grant: Grant
    is_used: bool = False


@dataclass
class Device:
    """A device that waits for somebody; `grant` once somebody said yes, `is_denied` after a no.

    It is kept for a while after its end, at `ends`, so that it can be told so.
    """

    user_code: str
    scopes: tuple[str, ...]
    interval: float
    ends: float
    polled: float = float("-inf")
    grant: Grant | None = None
    is_denied: bool = False


class Expiring(Generic[T]):
    """Values by key, each with the moment at which it ends."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._held: dict[str, tuple[float, T]] = {}

    def put(self, key: str, value: T, life: float) -> None:
        """Keep a value for `life` seconds."""
        now = self._clock()
        self._held = {k: held for k, held in self._held.items() if held[0] > now}
        while len(self._held) >= MOST:
            del self._held[next(iter(self._held))]
        self._held[key] = (now + life, value)

    def get(self, key: str) -> T | None:
        """The value that lives; None for an unknown key, and after its end."""
        end, value = self._held.get(key, (0.0, None))
        return value if end > self._clock() else None

    def drop(self, key: str) -> None:
        """Forget a value."""
        self._held.pop(key, None)

    def values(self) -> list[T]:
        """What lives."""
        now = self._clock()
        return [value for end, value in self._held.values() if end > now]


@dataclass
class Store:
    """All that lives."""

    clock: Callable[[], float] = time.time
    codes: Expiring[Code] = field(init=False)
    refresh: Expiring[Refresh] = field(init=False)
    access: Expiring[Grant] = field(init=False)
    devices: Expiring[Device] = field(init=False)

    def __post_init__(self) -> None:
        self.codes = Expiring(self.clock)
        self.refresh = Expiring(self.clock)
        self.access = Expiring(self.clock)
        self.devices = Expiring(self.clock)

    def device_of(self, user_code: str) -> Device | None:
        """The request that waits under a code, however somebody types it."""
        wanted = normalize(user_code)
        waiting = (d for d in self.devices.values() if not d.grant and not d.is_denied)
        return next(
            (d for d in waiting if normalize(d.user_code) == wanted and d.ends > self.clock()), None
        )


def make_user_code() -> str:
    """Eight consonants, as RFC 8628 advises: nothing to mistake, and no words."""
    halves = ("".join(secrets.choice(_LETTERS) for _ in range(_HALF)) for _ in range(2))
    return "-".join(halves)


def normalize(user_code: str) -> str:
    """A code as it was typed, without what people add or leave out."""
    return "".join(letter for letter in user_code.upper() if letter in _LETTERS)
