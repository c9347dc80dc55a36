"""Takes a lock over when its own wall clock says that the lease ran out."""

import random
from collections.abc import Sequence
from typing import Any

from infctl.engine.locks import EnvironmentLock, Who
from infctl.fakes.clock import EPOCH
from infctl.ports.clock import Clock
from infctl.ports.lock import LockSite
from infctl.simulator.engine import Engine

FAULTS = ("rival", "wall_step", "slow_rollout")


class WallTime(EnvironmentLock):
    async def acquire(self, **rest: Any) -> int:
        ahead = self._clock.wall() - EPOCH - self._clock.boottime()
        return await super().acquire(force=ahead > self._duration)


def _lock(places: Sequence[LockSite], clock: Clock, run: str, chance: random.Random) -> WallTime:
    return WallTime(places, clock, Who("bad", "host", 1, run), random=chance)


ENGINE = Engine(lock=_lock)
