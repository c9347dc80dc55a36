"""Faults with leases: each is struck by its kind's striker, and healed when its lease is over."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from infctl.lab.errors import LabError
from infctl.lab.supervisor import stopping
from infctl.lab.supervisor.cutting import Cutting
from infctl.lab.supervisor.fault import Fault, OtherFault, UnknownTarget
from infctl.lab.supervisor.forgetting import Forgetting
from infctl.lab.supervisor.household import Household
from infctl.lab.supervisor.kinds import read_parameters
from infctl.lab.supervisor.overload import Overload
from infctl.lab.supervisor.standing import Standing
from infctl.lab.supervisor.stopping import Stopping
from infctl.lab.supervisor.striker import Striker

LONGEST_LEASE = 24 * 3600.0


class Faults:
    """The faults of a lab. Leases are counted on a clock that no one sets."""

    def __init__(self, household: Household) -> None:
        self._active: dict[str, Fault] = {}
        self._ends: dict[str, float] = {}
        self._healing: dict[str, asyncio.Task[list[str]]] = {}
        self._changed = asyncio.Event()
        cutting, overload = Cutting(household.lab), Overload(household.lab)
        self._standing = [Standing(household, self.active, hand) for hand in (cutting, overload)]
        self._strikers: dict[str, Striker] = {
            **dict.fromkeys(stopping.KINDS, Stopping(household, self.active)),
            **dict.fromkeys(cutting.kinds, self._standing[0]),
            **dict.fromkeys(overload.kinds, self._standing[1]),
            "forget": Forgetting(household),
        }

    def active(self) -> list[Fault]:
        """The faults in force."""
        return list(self._active.values())

    def told(self) -> dict[str, str]:
        """What parts suffer from that are not stopped, by the part's name."""
        return {name: told for standing in self._standing for name, told in standing.told().items()}

    async def inject(
        self,
        fault_id: str,
        kind: str,
        target: str,
        ttl: float,
        parameters: Mapping[str, Any] | None = None,
    ) -> Fault:
        """Make a fault true; the same id again renews the same fault."""
        told = read_parameters(kind, parameters or {})
        known = self._active.get(fault_id)
        if known:
            if (known.kind, known.target, known.parameters) != (kind, target, told):
                raise OtherFault(f"fault {fault_id} is {known.kind} {known.target}")
            return self.renew(fault_id, ttl)
        striker = self._strikers[kind]
        striker.check(target)
        self._active[fault_id] = Fault(fault_id, kind, target, time.time(), 0.0, told)
        self.renew(fault_id, ttl)
        try:
            moment = await striker.strike(self._active[fault_id])
        except LabError:
            await self.heal(fault_id)
            raise
        if fault_id not in self._active:
            raise LabError(f"fault {fault_id} was healed before all of it was in force")
        self._active[fault_id] = replace(self._active[fault_id], at=moment)
        return self._active[fault_id]

    def renew(self, fault_id: str, ttl: float) -> Fault:
        """Let the lease end `ttl` seconds from now; UnknownTarget if the fault is over."""
        known = self._active.get(fault_id)
        if known is None:
            raise UnknownTarget(f"fault {fault_id} is not in force")
        self._ends[fault_id] = time.monotonic() + ttl
        self._active[fault_id] = replace(known, expires=time.time() + ttl)
        self._changed.set()
        return self._active[fault_id]

    async def heal(self, fault_id: str) -> list[str]:
        """End a fault; returns why parts are not ready again, nothing when all are."""
        task = self._healing.get(fault_id)
        if task is None:
            fault = self._active.pop(fault_id, None)
            if fault is None:
                return []
            self._ends.pop(fault_id, None)
            task = asyncio.create_task(self._strikers[fault.kind].release(fault))
            self._healing[fault_id] = task
            task.add_done_callback(lambda _: self._healing.pop(fault_id, None))
        return await asyncio.shield(task)

    async def expire(self) -> None:
        """Heal every fault whose lease is over, for as long as the lab lives."""
        while True:
            self._changed.clear()
            now = time.monotonic()
            for fault_id in [i for i, end in self._ends.items() if end <= now]:
                # Healing takes seconds; other leases end meanwhile.
                task = asyncio.create_task(self.heal(fault_id))
                task.add_done_callback(lambda t: t.exception())
                self._ends.pop(fault_id, None)
            pause = min(self._ends.values(), default=now + LONGEST_LEASE) - now
            try:
                await asyncio.wait_for(self._changed.wait(), max(pause, 0.01))
            except TimeoutError:
                continue

    async def follow(self) -> None:
        """Make faults true again in parts that were started again, for as long as the lab lives."""
        async with asyncio.TaskGroup() as tasks:
            for standing in self._standing:
                tasks.create_task(standing.follow())
