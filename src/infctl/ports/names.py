"""A client's view of the name service."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Answer:
    """The addresses that a client would use, for `ttl` seconds from `at`."""

    addresses: tuple[str, ...]
    ttl: int
    at: float


class Resolver(Protocol):
    """Asks the platform's name servers as a client does; never cached here."""

    async def resolve(self, name: str) -> Answer:
        """One A query; raises Unreachable where no server answers."""
