"""Faults with leases: parts are killed or frozen, and healed when the lease is over.

A part stays stopped as long as any fault holds it.
"""

import asyncio
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

from infctl.lab import processes
from infctl.lab.errors import LabError
from infctl.lab.supervisor.child import Child, State
from infctl.lab.supervisor.household import Household
from infctl.lab.supervisor.nodes import Nodes

KINDS = ("kill", "freeze")
LONGEST_LEASE = 24 * 3600.0
_SHUTDOWN_SECONDS = 2.0


class UnknownTarget(LabError):
    """There is no such region or part."""


class OtherFault(LabError):
    """The id belongs to a fault of another kind or target."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault in force; `at` is the moment after the last signal. Seconds since the epoch."""

    id: str
    kind: str
    target: str
    at: float
    expires: float


class Faults:
    """The faults of a lab. Leases are counted on a clock that no one sets."""

    def __init__(self, household: Household) -> None:
        self._household = household
        self._nodes = Nodes(household)
        self._active: dict[str, Fault] = {}
        self._ends: dict[str, float] = {}
        self._healing: dict[str, asyncio.Task[list[str]]] = {}
        self._changed = asyncio.Event()

    def active(self) -> list[Fault]:
        """The faults in force."""
        return list(self._active.values())

    async def inject(self, fault_id: str, kind: str, target: str, ttl: float) -> Fault:
        """Stop what the target names; the same id again renews the same fault."""
        known = self._active.get(fault_id)
        if known:
            if (known.kind, known.target) != (kind, target):
                raise OtherFault(f"fault {fault_id} is {known.kind} {known.target}")
            return self.renew(fault_id, ttl)
        struck, region = self._find(target)
        self._nodes.check(kind, target)
        self._active[fault_id] = Fault(fault_id, kind, target, 0.0, 0.0)
        if kind == "kill":
            self._kill(struck, region, fault_id)
        else:
            self._freeze(struck, region, fault_id)
        await self._nodes.hold(self._active.values())
        if held := self._active.get(fault_id):
            self._active[fault_id] = replace(held, at=time.time())
        fault = self.renew(fault_id, ttl)
        if kind == "kill":
            await asyncio.gather(*(child.exited(_SHUTDOWN_SECONDS) for child in struck))
        return fault

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
            task = asyncio.create_task(self._release(fault))
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

    def _find(self, target: str) -> tuple[list[Child], str | None]:
        """The children of a target, and the region whose pods go with them."""
        kind, _, name = target.partition("/")
        if kind == "part" and name in self._household.children:
            return [self._household.children[name]], None
        if kind == "region" and any(r.name == name for r in self._household.lab.regions):
            return self._household.of_region(name), name
        if kind == "node" and target in self._nodes.targets():
            return [], None
        regions = [f"region/{r.name}" for r in self._household.lab.regions]
        raise UnknownTarget(f"there is no {target} in this lab", f"one of {', '.join(regions)}")

    def _kill(self, struck: list[Child], region: str | None, fault_id: str) -> None:
        pods = self._household.residents(region) if region else []
        for child in struck:
            if child.is_alive or child.state is State.STARTING:
                child.become(State.KILLED, f"killed by fault {fault_id}")
                child.signal(signal.SIGKILL)
        for pod in pods:
            processes.send_group(pod, signal.SIGKILL)
        # The agent may have started one more before the signal reached it.
        for pod in self._household.residents(region) if region else []:
            processes.send_group(pod, signal.SIGKILL)

    def _freeze(self, struck: list[Child], region: str | None, fault_id: str) -> None:
        for child in struck:
            if child.is_alive:
                child.signal(signal.SIGSTOP)
                child.become(State.FROZEN, f"frozen by fault {fault_id}")
        for pod in self._household.residents(region) if region else []:
            processes.send_group(pod, signal.SIGSTOP)

    async def _release(self, fault: Fault) -> list[str]:
        struck, region = self._find(fault.target)
        free = [child for child in struck if not self._is_held(child)]
        frozen = [c for c in free if c.state is State.FROZEN]
        killed = [c.part.name for c in free if c.state is State.KILLED]
        if region and not self._is_region_held(region):
            for pod in self._household.residents(region):
                processes.send_group(pod, signal.SIGCONT)
        await self._nodes.hold(self._active.values())
        await asyncio.gather(self._household.start(killed), *(c.resume() for c in frozen))
        return [
            f"{c.part.name}: {c.state.value}, {c.reason}"
            for c in free
            if c.state in (State.FAILED, State.DEAD)
        ]

    def _is_held(self, child: Child) -> bool:
        targets = {f"part/{child.part.name}", f"region/{child.part.region}"}
        return any(fault.target in targets for fault in self._active.values())

    def _is_region_held(self, region: str) -> bool:
        return f"region/{region}" in _targets(self._active.values())


def _targets(faults: Iterable[Fault]) -> set[str]:
    return {fault.target for fault in faults}
