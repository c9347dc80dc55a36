"""Whoever looks after a run: answers its pauses, starts its executor again, loses patience."""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from infctl.engine.decisions import Decision, Verb
from infctl.simulator.copying import bring
from infctl.simulator.host import Executor, Host
from infctl.simulator.trace import Job

if TYPE_CHECKING:
    from infctl.simulator.simulation import Simulation

_MOST_STARTS = 40
_TRIES = 3
OVERTAKEN = "was carried on elsewhere"
"""What a machine is told whose run another one has."""
_PAUSED = ("paused_by_failed_step", "paused_by_operator", "paused_by_conflict")


@dataclass(slots=True)
class Person:
    """`decisions` come first, then three tries, then the run is stopped.

    Who `has_nothing` reads the copies of the run first, and then `asks_for` an undo, or nothing.
    """

    simulation: "Simulation"
    job: Job
    host: Host
    decisions: list[str]
    delay: float = 0.0
    asks_for: str = ""
    has_nothing: bool = False
    executor: Executor | None = None
    tried: int = 0
    last: str = ""
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    task: "asyncio.Task[None] | None" = None

    async def attend(self) -> None:
        """Until the run is over, in doubt or refused."""
        await asyncio.sleep(self.delay)
        if self.has_nothing and not await bring(self.simulation, self.job, self.host):
            return
        for _ in range(_MOST_STARTS):
            executor = self.executor = Executor(self.simulation, self.job, self.host)
            if self.asks_for and self.job.view.course == "forward":
                self._decide(self.asks_for)
            self.job.lives += 1
            self.job.refused = ""
            self.task = asyncio.create_task(executor.live())
            await self._watch(executor)
            self.last = executor.ended or "killed"
            if self._is_settled(executor):
                return
            await asyncio.sleep(self.simulation.chance.uniform(1.0, 20.0))
        self.simulation.trace.accuse(
            "every_run_ends", f"{self.job.run}: {_MOST_STARTS} executors, the last: {self.last}"
        )

    def look(self) -> None:
        """Something was written: of interest where it wants a decision."""
        if self.job.state in _PAUSED:
            self.changed.set()

    def interrupt(self, verb: str) -> None:
        """A decision that nobody asked for."""
        if self.executor is not None:
            self._decide(verb)

    def leave(self) -> None:
        """The simulation is over: what still runs is nobody's."""
        if self.executor is not None:
            self.executor.process.dead = True

    def _is_settled(self, executor: Executor) -> bool:
        if self.job.copying is not None and (self.host.gone or OVERTAKEN in executor.ended):
            self.job.copying.left = True
            return True
        if executor.ended.startswith("journal: the journal does not verify"):
            self.job.in_doubt = True
            self.simulation.trace.reached["in_doubt"] += 1
            return True
        # Whoever was told that a guard refused is done; one refused by the lock comes again, and so
        # does one whose executor was killed before it could tell.
        return executor.ended == "over" or bool(self.job.refused and executor.ended)

    async def _watch(self, executor: Executor) -> None:
        while not (executor.ended or executor.process.dead):
            self.changed.clear()
            if self.job.state in _PAUSED:
                await asyncio.sleep(
                    self.simulation.chance.uniform(0.5, self.simulation.scenario.patience)
                )
                if self.job.state in _PAUSED:
                    self._decide(self._choose())
            await self._wait()

    async def _wait(self) -> None:
        """A look at what happens, at once when there is news, else after a while."""
        waiting = asyncio.ensure_future(self.changed.wait())
        watched = {waiting} if self.task is None else {waiting, self.task}
        await asyncio.wait(watched, timeout=30.0, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()

    def _choose(self) -> str:
        if self.decisions:
            return self.decisions.pop(0)
        self.tried += 1
        if self.tried > 2 * _TRIES:
            return "stop" if self.tried % 2 else "skip"
        if self.job.state == "paused_by_operator":
            return "resume"
        return "retry" if self.tried <= _TRIES else "skip"

    def _decide(self, verb: str) -> None:
        self.simulation.trace.decided[verb] += 1
        if self.executor is not None:
            self.executor.decisions.put(Decision(Verb(verb), by="somebody", reason="simulated"))
