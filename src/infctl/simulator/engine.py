"""The parts of the engine that a simulation puts together; a bad one may stand in for each."""

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from infctl.content.facts import Facts
from infctl.engine.copies import Copy, Extended, catch_up
from infctl.engine.fencing import fenced
from infctl.engine.guards import evaluate
from infctl.engine.locks import EnvironmentLock, Who
from infctl.engine.machine import Machine
from infctl.model.plan import GuardResult, Plan
from infctl.ports.clock import Clock
from infctl.ports.cluster import Cluster
from infctl.ports.lock import LockSite
from infctl.ports.world import World
from infctl.simulator.disk import WatchedJournal
from infctl.simulator.permit import SimulatedPermit


class Lock(Protocol):
    """The lock as an executor uses it."""

    async def acquire(self) -> int:
        """The fence; Refused or Unreachable where it cannot be had."""

    def check(self) -> None:
        """LeaseLost where another holder may have taken over."""

    async def renew_forever(self) -> None:
        """Keep it."""

    async def release(self) -> None:
        """Give it back."""


def environment_lock(
    places: Sequence[LockSite], clock: Clock, run: str, chance: random.Random
) -> Lock:
    """The engine's own lock, in a majority of places."""
    return EnvironmentLock(places, clock, Who("simulated", "host", 1, run), random=chance)


MakeFenced = Callable[
    [Mapping[str, Cluster], int, str, Clock, Callable[[str], None]], Mapping[str, Cluster]
]


@dataclass(frozen=True, slots=True)
class Engine:
    """What is tried: `infctl` itself, unless a test puts something bad in."""

    machine: Callable[..., Machine] = Machine
    journal: Callable[..., WatchedJournal] = WatchedJournal
    permit: Callable[..., SimulatedPermit] = SimulatedPermit
    lock: Callable[[Sequence[LockSite], Clock, str, random.Random], Lock] = environment_lock
    fence: MakeFenced = fenced
    guards: Callable[[Plan, Facts], tuple[GuardResult, ...]] = evaluate
    catch_up: Callable[[World, Extended], Awaitable[Copy | None]] = catch_up


INFCTL = Engine()
