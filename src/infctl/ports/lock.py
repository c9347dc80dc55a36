"""A place that keeps a lock: a Lease in one region's cluster, or the witness's item.

The lock itself is a majority of such places (`engine.locks`).
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Holding:
    """Who holds the lock at one place.

    `id` is minted at every acquisition and must be given to break the lock. `fence` only ever
    grows; `renewal` is counted up by the holder, so that others see by their own clocks whether it
    lives. `since` is wall time in seconds, only shown; `duration` is the lease in seconds; `step`
    the last step begun. A holding that is `free` keeps its fence, so that numbers never repeat.
    """

    id: str
    holder: str
    host: str
    pid: int
    run: str
    fence: int
    renewal: int
    since: float
    duration: float
    step: str = ""
    free: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """What a place holds, and the version that a write must name; None, "" where it holds none."""

    holding: Holding | None
    version: str


class LockSite(Protocol):
    """One place; its verbs raise Unreachable, CredentialsError, or Conflict."""

    name: str

    async def read(self) -> Seen:
        """What is there now, never from a cache."""

    async def write(self, holding: Holding, *, version: str) -> Seen:
        """Compare and swap; Conflict where the version is another one by now."""


class Witness(LockSite, Protocol):
    """The third place where there are two regions, in a cloud region that is neither's."""

    async def ensure(self, *, dry_run: bool = False) -> bool:
        """Make what keeps its item; whether it was there already."""

    def close(self) -> None:
        """Give back the connections."""
