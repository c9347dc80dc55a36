"""Hosts with clocks of their own, places that compare and swap, and the bad lines between them."""

import asyncio
from dataclasses import dataclass, field
from random import Random

from infctl.engine.locks import EnvironmentLock, Who
from infctl.errors import Conflict, LeaseLost, Refused, Unreachable
from infctl.ports.lock import Holding, Seen

EPOCH = 1_700_000_000.0
FOREVER = 1e9


def now() -> float:
    return asyncio.get_running_loop().time()


@dataclass
class Place:
    """What a cluster's Lease is, in memory; `wrote` is when it took a record last."""

    name: str
    holding: Holding | None = None
    version: int = 0
    is_dead: bool = False
    wrote: float = 0.0

    def read(self) -> Seen:
        return Seen(self.holding, str(self.version) if self.version else "")

    def write(self, holding: Holding, version: str) -> Seen:
        if version != self.read().version:
            raise Conflict(f"{self.name} is not as it was read")
        before = 0 if self.holding is None else self.holding.fence
        assert holding.fence >= before, "a place's fence went back"
        self.holding = holding
        self.version += 1
        self.wrote = now()
        return self.read()


@dataclass
class Host:
    """A machine: `rate` is how fast its clock runs, `frozen` until when it stands still."""

    name: str
    rate: float = 1.0
    offset: float = 0.0
    wall_offset: float = 0.0
    frozen: float = 0.0

    def boottime(self) -> float:
        return 1000.0 + self.offset + now() * self.rate

    def wall(self) -> float:
        return EPOCH + now() + self.wall_offset

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.rate)
        await self.thaw()

    async def thaw(self) -> None:
        await asyncio.sleep(max(0.0, self.frozen - now()))


@dataclass
class Line:
    """From a host to a place; drawn by `random`: delays, requests and replies that vanish."""

    place: Place
    host: Host
    random: Random
    slowest: float = 0.1
    loss: float = 0.0
    late: float = 0.0
    is_cut: bool = False
    name: str = field(init=False)

    def __post_init__(self) -> None:
        self.name = self.place.name

    async def read(self) -> Seen:
        await self._travel()
        seen = self.place.read()
        await self._travel()
        return seen

    async def write(self, holding: Holding, *, version: str) -> Seen:
        if self.random.random() < self.late:
            # It arrives long after its sender gave up.
            self._arrive_late(holding, version)
            await asyncio.sleep(FOREVER)
        await self._travel()
        seen = self.place.write(holding, version)
        await self._travel()
        return seen

    def _arrive_late(self, holding: Holding, version: str) -> None:
        def arrive() -> None:
            if version == self.place.read().version:
                self.place.write(holding, version)

        asyncio.get_running_loop().call_later(self.random.uniform(1.0, 12.0), arrive)

    async def _travel(self) -> None:
        await self.host.thaw()
        await asyncio.sleep(self.random.uniform(0.001, self.slowest))
        if self.place.is_dead or self.random.random() < self.loss:
            await asyncio.sleep(FOREVER)
        if self.is_cut:
            raise Unreachable(f"{self.host.name} is cut off from {self.name}")
        await self.host.thaw()


@dataclass
class Acts:
    """What holders did, in the order of true time."""

    log: list[tuple[float, str, int]] = field(default_factory=list)

    def stale(self) -> list[tuple[float, str, int]]:
        """Acts with an older fence than one that acted before."""
        newest, found = 0, []
        for act in self.log:
            if act[2] < newest:
                found.append(act)
            newest = max(newest, act[2])
        return found


def places(count: int) -> list[Place]:
    return [Place(f"region-{number}") for number in range(1, count + 1)]


def lock_of(
    host: Host, where: list[Place], random: Random, *, loss: float = 0.0, late: float = 0.0
) -> tuple[EnvironmentLock, list[Line]]:
    lines = [Line(place, host, random, loss=loss, late=late) for place in where]
    who = Who("ana", host.name, 42, f"run-{host.name}")
    return EnvironmentLock(lines, host, who, random=random), lines


async def act_while_held(host: Host, lock: EnvironmentLock, acts: Acts, until: float) -> None:
    """Act every 0.2 s of its own clock, asking the lock right before each act."""
    renewing = asyncio.ensure_future(lock.renew_forever())
    try:
        while now() < until:
            await host.sleep(0.2)
            lock.check()
            acts.log.append((now(), host.name, lock.fence))
    except LeaseLost:
        return
    finally:
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)


async def contend(host: Host, lock: EnvironmentLock, acts: Acts, until: float) -> None:
    """Take the lock whenever it can be had, act, lose it or give it back, and begin again."""
    while now() < until:
        try:
            await lock.acquire()
        except (Refused, Unreachable):
            await host.sleep(0.5)
            continue
        await act_while_held(host, lock, acts, min(until, now() + 20.0))
        await lock.release()
