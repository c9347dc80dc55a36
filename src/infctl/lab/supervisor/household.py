"""All parts of a lab together: started and stopped in their order, and looked after between."""

import asyncio
import graphlib
import signal
import time
from collections.abc import Callable, Iterable, Sequence

from infctl.lab import processes
from infctl.lab.errors import LabError
from infctl.lab.part import Part
from infctl.lab.processes import Process, Register
from infctl.lab.spec import Lab
from infctl.lab.supervisor import logs
from infctl.lab.supervisor.child import Child, State

Residents = Callable[[str], Sequence[Process]]
"""The processes of a region that are nobody's part: its pods."""

CHECK_SECONDS = 5.0
STOP_SECONDS = 2.0
NEEDS = "needs "
"""Begins the reason of a part that waits for no one any more."""
_FAILURES_TO_TELL = 2
_GONE = (State.FAILED, State.DEAD, State.KILLED)


class Household:
    """The children by name, in an order in which each stands behind what it needs."""

    def __init__(
        self, lab: Lab, parts: Sequence[Part], residents: Residents, register: Register
    ) -> None:
        self.lab = lab
        self._residents = residents
        by_name = {part.name: part for part in parts}
        self._levels = _levels(by_name)
        self._starting: set[asyncio.Task[None]] = set()
        self.children = {
            name: Child(by_name[name], lab.log(name), register)
            for level in self._levels
            for name in level
        }

    def of_region(self, region: str) -> list[Child]:
        """The parts that live in a region."""
        return [c for c in self.children.values() if c.part.region == region]

    def dead(self) -> list[str]:
        """The parts without a process that no fault of ours holds."""
        return [
            name
            for name, child in self.children.items()
            if not child.is_alive and child.state in (State.DEAD, State.FAILED)
        ]

    def stranded(self) -> list[Child]:
        """Those that could not start because a part that they need was down."""
        return [
            child
            for child in self.children.values()
            if not child.is_alive and child.state is State.FAILED and child.reason.startswith(NEEDS)
        ]

    def residents(self, region: str) -> list[Process]:
        """The pods' processes of a region; none where they cannot be read."""
        try:
            return list(self._residents(region))
        except (OSError, ValueError, KeyError):
            return []

    async def start(self, names: Iterable[str]) -> None:
        """Start parts side by side, each when those that it needs are ready."""
        chosen = [self.children[name] for name in names]
        for child in chosen:
            child.become(State.STARTING, "waits for its turn")
        await asyncio.gather(*(self._start_one(child) for child in chosen))

    async def _start_one(self, child: Child) -> None:
        for name in child.part.after:
            needed = self.children[name]
            while needed.state is not State.READY:
                if needed.state in _GONE:
                    child.become(State.FAILED, f"{NEEDS}{name}, which is {needed.state.value}")
                    return
                if child.state is not State.STARTING:
                    return
                child.become(State.STARTING, f"waits for {name}")
                await needed.change()
        if child.state is State.STARTING:
            await child.start()

    async def watch(self) -> None:
        """Ask every living part now and then; a part that stops answering is told as failed."""
        failures: dict[str, int] = {}
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            for name, child in self.children.items():
                logs.limit(child.log)
                if child.is_alive and child.state in (State.READY, State.FAILED):
                    await _look_after(child, failures)
                else:
                    failures.pop(name, None)
            self._start_stranded()

    def _start_stranded(self) -> None:
        """Parts whose start was given up, since what they need was late: it is there now."""
        found = [
            child.part.name
            for child in self.stranded()
            if all(self.children[name].state is State.READY for name in child.part.after)
        ]
        if found:
            task = asyncio.create_task(self.start(found))
            self._starting.add(task)
            task.add_done_callback(self._starting.discard)

    async def stop(self) -> None:
        """Stop all, those that need others first; whatever takes too long is killed."""
        end = time.monotonic() + STOP_SECONDS
        for level in reversed(self._levels):
            living = [c for c in map(self.children.__getitem__, level) if c.is_alive]
            await asyncio.gather(*(_stop_one(child, end) for child in living))
        for region in self.lab.regions:
            processes.kill(self.residents(region.name), timeout=0.5)


async def _look_after(child: Child, failures: dict[str, int]) -> None:
    name = child.part.name
    reason = await child.check()
    if child.state not in (State.READY, State.FAILED) or not child.is_alive:
        return
    if not reason:
        failures.pop(name, None)
        if child.state is State.FAILED:
            child.become(State.READY)
        return
    failures[name] = failures.get(name, 0) + 1
    if failures[name] >= _FAILURES_TO_TELL:
        child.become(State.FAILED, reason)


async def _stop_one(child: Child, end: float) -> None:
    frozen = child.state is State.FROZEN
    child.become(State.KILLED, "stopped with the lab")
    grace = min(child.part.grace, end - time.monotonic())
    if grace > 0 and not frozen:
        child.signal(signal.SIGTERM)
        if await child.exited(grace):
            return
    child.signal(signal.SIGKILL)
    await child.exited(1.0)


def _levels(parts: dict[str, Part]) -> list[list[str]]:
    """Names in groups: each group needs only earlier ones."""
    for part in parts.values():
        for needed in part.after:
            if needed not in parts:
                raise LabError(f"{part.name} needs {needed}, and there is no such part")
    sorter = graphlib.TopologicalSorter({p.name: p.after for p in parts.values()})
    try:
        sorter.prepare()
    except graphlib.CycleError as error:
        raise LabError(f"parts need each other: {' -> '.join(error.args[1])}") from None
    levels = []
    while sorter.is_active():
        level = sorted(sorter.get_ready())
        levels.append(level)
        sorter.done(*level)
    return levels
