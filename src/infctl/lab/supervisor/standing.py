"""Faults of a region's living part, which are made true again whenever that part comes back."""

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import Collection
from typing import Protocol

from infctl.lab.edge.control import Hangs
from infctl.lab.errors import LabError
from infctl.lab.spec import Region
from infctl.lab.supervisor.child import Child, State
from infctl.lab.supervisor.fault import Fault, UnknownTarget
from infctl.lab.supervisor.household import Household
from infctl.lab.supervisor.striker import Active

_LOG = logging.getLogger(__name__)
REPAIR_SECONDS = 2.0
_GONE_SECONDS = 2.0
_HUNG = "it hung, and is started again"


class Hand(Protocol):
    """Does it."""

    @property
    def part(self) -> str:
        """What it holds: this and a region's name are the name of a part."""

    @property
    def kinds(self) -> Collection[str]:
        """Which faults it knows."""

    def regions_of(self, target: str) -> set[str]:
        """The regions that a fault of this target concerns; none where there is no such target."""

    async def settle(self, region: Region, faults: list[Fault]) -> None:
        """Make exactly these faults true; LabError where that cannot be done.

        Hangs where the part has to be started again for it.
        """


class Standing:
    """One kind of hand over all regions. What is dead or frozen is settled when it comes back."""

    def __init__(self, household: Household, active: Active, hand: Hand) -> None:
        self._household = household
        self._active = active
        self._hand = hand
        self._unsettled: set[str] = set()
        self._locks = {region.name: asyncio.Lock() for region in household.lab.regions}

    def check(self, target: str) -> None:
        """Whether the target names something."""
        if not self._hand.regions_of(target):
            kinds = ", ".join(self._hand.kinds)
            raise UnknownTarget(f"there is no {target} for {kinds}", "docs/lab-faults.md")

    async def strike(self, fault: Fault) -> float:
        """Settle the regions that it concerns."""
        await self._settle_all(fault)
        return time.time()

    async def release(self, fault: Fault) -> list[str]:
        """The same, without it."""
        try:
            await self._settle_all(fault)
        except LabError as error:
            return [error.what]
        return []

    def told(self) -> dict[str, str]:
        """What parts that live suffer from, by the part's name."""
        found = {}
        for region in self._household.lab.regions:
            if faults := self._faults_of(region):
                words = ", ".join(f"{fault.kind} of {fault.target}" for fault in faults)
                found[f"{self._hand.part}-{region.name}"] = f"faults: {words}"
        return found

    async def follow(self) -> None:
        """Settle each region again whenever its part is ready again, for as long as we live.

        What could not be settled is tried again, too.
        """
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._repair())
            for region in self._household.lab.regions:
                child = self._child(region)
                if child is not None:
                    tasks.create_task(self._follow(child, region))

    async def _follow(self, child: Child, region: Region) -> None:
        before = child.state
        while True:
            await child.change()
            if child.state is State.READY and before is not State.READY:
                try:
                    await self._settle(region)
                except LabError as error:
                    _LOG.warning("%s: %s", child.part.name, error.what)
            before = child.state

    async def _repair(self) -> None:
        while True:
            await asyncio.sleep(REPAIR_SECONDS)
            for region in self._household.lab.regions:
                if region.name in self._unsettled:
                    with contextlib.suppress(LabError):
                        await self._settle(region)

    async def _settle_all(self, fault: Fault) -> None:
        concerned = self._hand.regions_of(fault.target)
        regions = [r for r in self._household.lab.regions if r.name in concerned]
        await asyncio.gather(*(self._settle(region) for region in regions))

    async def _settle(self, region: Region) -> None:
        child = self._child(region)
        if child is None or not child.is_alive or child.state in (State.STARTING, State.FROZEN):
            return
        async with self._locks[region.name]:
            self._unsettled.add(region.name)
            try:
                await self._hand.settle(region, self._faults_of(region))
            except Hangs as error:
                _LOG.warning("%s: %s; it is started again", child.part.name, error.what)
                await self._start_again(child)
                await self._hand.settle(region, self._faults_of(region))
            self._unsettled.discard(region.name)

    def _faults_of(self, region: Region) -> list[Fault]:
        found = [f for f in self._active() if f.kind in self._hand.kinds]
        return [f for f in found if region.name in self._hand.regions_of(f.target)]

    async def _start_again(self, child: Child) -> None:
        if child.state is State.FROZEN:
            return
        child.become(State.KILLED, _HUNG)
        child.signal(signal.SIGKILL)
        await child.exited(_GONE_SECONDS)
        # A fault may have killed it meanwhile, and then it stays so.
        if child.reason == _HUNG:
            await self._household.start([child.part.name])

    def _child(self, region: Region) -> Child | None:
        return self._household.children.get(f"{self._hand.part}-{region.name}")
