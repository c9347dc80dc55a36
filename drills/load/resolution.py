"""A client's own cache of one name, which honours the TTL. No I/O but through what is handed in."""

from collections.abc import Callable
from dataclasses import dataclass, field

from infctl.ports.load import Resolution

Resolve = Callable[[str], tuple[tuple[str, ...], float]]
"""From a name to its addresses and their TTL in seconds; OSError where nobody answers."""

RETRY_SECONDS = 1.0
"""How long after a resolution without an answer the next one is tried."""


@dataclass(slots=True)
class CachedName:
    """One name as one client sees it.

    Within the TTL the address stays, whatever becomes of requests. When it ran out, the name is
    asked for again, and the address stays only if it is still in the answer. Where nobody answers,
    the old address is used on. `now` is a monotonic clock, `wall` gives seconds since the epoch.
    """

    client: str
    name: str
    resolve: Resolve
    now: Callable[[], float]
    wall: Callable[[], float]
    note: Callable[[Resolution], None]
    address: str = ""
    _expires: float = field(default=float("-inf"))

    def current(self) -> str:
        """The address to use now; empty if the name was never resolved."""
        if self.now() >= self._expires:
            self._refresh()
        return self.address

    def _refresh(self) -> None:
        try:
            addresses, ttl = self.resolve(self.name)
        except OSError:
            self._expires = self.now() + RETRY_SECONDS
            self.note(Resolution(self.client, self.wall(), (), 0.0))
            return
        self._expires = self.now() + (ttl if addresses else RETRY_SECONDS)
        self.note(Resolution(self.client, self.wall(), addresses, ttl))
        if addresses and self.address not in addresses:
            self.address = addresses[0]
