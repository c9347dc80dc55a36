"""Faults that stop processes: a part, a node, or a region with its pods, is killed or frozen.

A part stays stopped as long as any fault holds it.
"""

import asyncio
import signal
import time

from infctl.lab import processes
from infctl.lab.supervisor.child import Child, State
from infctl.lab.supervisor.fault import Fault, UnknownTarget
from infctl.lab.supervisor.household import Household
from infctl.lab.supervisor.nodes import Nodes
from infctl.lab.supervisor.striker import Active

_SHUTDOWN_SECONDS = 2.0
KINDS = ("kill", "freeze")


class Stopping:
    """Kills and freezes."""

    def __init__(self, household: Household, active: Active) -> None:
        self._household = household
        self._active = active
        self._nodes = Nodes(household)

    def check(self, target: str) -> None:
        """Regions, their nodes and parts can be stopped."""
        self._find(target)

    async def strike(self, fault: Fault) -> float:
        """The moment is that after the last signal; killed parts are gone when this returns."""
        struck, region = self._find(fault.target)
        if fault.kind == "freeze":
            self._freeze(struck, region, fault.id)
            await self._hold_nodes()
            return time.time()
        self._kill(struck, region, fault.id)
        await self._hold_nodes()
        moment = time.time()
        await asyncio.gather(*(child.exited(_SHUTDOWN_SECONDS) for child in struck))
        return moment

    async def release(self, fault: Fault) -> list[str]:
        """Frozen parts go on, killed ones are started in their order."""
        struck, region = self._find(fault.target)
        free = [child for child in struck if not self._is_held(child)]
        frozen = [c for c in free if c.state is State.FROZEN]
        killed = [c.part.name for c in free if c.state is State.KILLED]
        if region and not self._is_target(f"region/{region}"):
            for pod in self._household.residents(region):
                processes.send_group(pod, signal.SIGCONT)
        await self._hold_nodes()
        # Another fault's parts may have been healed in vain while this one held what they need.
        stranded = [c.part.name for c in self._household.stranded() if not self._is_held(c)]
        start = self._household.start([*killed, *stranded])
        await asyncio.gather(start, *(c.resume() for c in frozen))
        return [
            f"{c.part.name}: {c.state.value}, {c.reason}"
            for c in free
            if c.state in (State.FAILED, State.DEAD)
        ]

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
            if child.is_alive or child.state in (State.STARTING, State.FAILED):
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

    async def _hold_nodes(self) -> None:
        await self._nodes.hold(f for f in self._active() if f.kind in KINDS)

    def _is_held(self, child: Child) -> bool:
        targets = (f"part/{child.part.name}", f"region/{child.part.region}")
        return any(self._is_target(target) for target in targets)

    def _is_target(self, target: str) -> bool:
        return any(f.target == target and f.kind in KINDS for f in self._active())
