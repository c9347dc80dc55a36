"""One executor's life on one machine, put together as the real one is."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, cast

from infctl.engine.alongside import while_held
from infctl.engine.decisions import Decisions
from infctl.engine.fencing import shut_out
from infctl.engine.guards import refuse
from infctl.engine.handler import Context
from infctl.engine.locks import lock_sites
from infctl.errors import InfctlError, JournalError, LeaseLost, Refused
from infctl.model.journal import Kind
from infctl.model.run import RunState, RunView
from infctl.ports.cluster import Cluster
from infctl.ports.lock import LockSite, Witness
from infctl.ports.world import World
from infctl.simulator.clock import HostClock
from infctl.simulator.copying import catch_up, mirrored
from infctl.simulator.disk import SimulatedDisk, WatchedJournal
from infctl.simulator.engine import Lock
from infctl.simulator.environment import WITNESS, scratch
from infctl.simulator.loop import PROCESS, Process
from infctl.simulator.network import Link
from infctl.simulator.ports import clusters, lock_places, ports
from infctl.simulator.trace import Job

if TYPE_CHECKING:
    from infctl.simulator.simulation import Simulation


_LEASES = 5
"""Every so many seeds the lock is kept in clusters' Leases, else in places that cost less time."""


@dataclass(slots=True)
class Host:
    """A machine: its clocks, and until when its disk is full and its way out is cut."""

    name: str
    clock: HostClock = field(default_factory=HostClock)
    full_until: float = -1.0
    cut_until: float = -1.0
    gone: bool = False


@dataclass(slots=True)
class Executor:
    """A process that carries one run as far as it comes."""

    simulation: "Simulation"
    job: Job
    host: Host
    decisions: Decisions = field(default_factory=Decisions)
    process: Process = field(default_factory=lambda: Process("executor"))
    ended: str = ""
    link: Link = field(init=False)
    journal: WatchedJournal | None = None
    lock: Lock | None = None

    def __post_init__(self) -> None:
        self.link = Link(
            self.job.run, self.process, lambda p, w: self.simulation.on_request(self, p, w)
        )

    async def live(self) -> None:
        """Until the run is over, or the process has to stop; `ended` says why."""
        PROCESS.set(self.process)
        try:
            await self._carry()
            self.ended = "over"
        except JournalError as error:
            self.ended = f"journal: {error.what}"
        except LeaseLost as error:
            self.ended = f"lease lost: {error.what}"
            self._leave(error.what)
        except Refused as error:
            self.ended = f"refused: {error.what}"
        except InfctlError as error:
            self.ended = f"failed: {error.what}"

    async def _carry(self) -> None:
        simulation, job = self.simulation, self.job
        self.journal = journal = self._open()
        simulation.found(job, journal.records())
        is_new = not any(r.kind == Kind.LEASE for r in journal.records())
        if journal.view().over:
            return
        if not journal.records():
            journal.append(Kind.PLAN, args=job.plan.to_json())
        world = ports(simulation.network, self.link, simulation.world, self.host.clock)
        lock = simulation.engine.lock(self._places(), self.host.clock, job.run, simulation.chance)
        fence = await lock.acquire()
        self.lock = lock
        renewing = asyncio.create_task(lock.renew_forever())
        try:
            self.link.fence = fence
            simulation.granted(job, fence)
            if is_new:
                self._guard()
            else:
                await catch_up(self)
                if journal.view().over:
                    return
            journal.fence = fence
            held = simulation.engine.fence(
                world.clusters, fence, job.run, self.host.clock, self.say
            )
            journal.append(Kind.LEASE, args={"host": self.host.name, "fence": fence})
            if not is_new:
                await self._shut_out(held)
            world = replace(world, clusters=held)
            await self._act(world, lock)
        finally:
            renewing.cancel()
            with contextlib.suppress(InfctlError, TimeoutError):
                async with asyncio.timeout(3.0):
                    self.lock = None
                    await lock.release()

    async def _act(self, world: World, lock: Lock) -> None:
        """The machine with its copies, to the run's last record."""
        simulation, job, engine = self.simulation, self.job, self.simulation.engine
        context = Context(world, scratch(), job.run, "simulated", self.view)
        async with mirrored(self) as mirror:
            permit = (
                (lock, simulation.frozen) if mirror is None else (lock, simulation.frozen, mirror)
            )
            machine = engine.machine(
                job.plan,
                self.journal,
                context,
                self.decisions,
                on_failure=simulation.scenario.on_failure,
                permit=engine.permit(*permit),
            )
            if mirror is None:
                self._end(*await machine.run())
                return
            self._end(*await while_held(machine.run(), lock))
            await mirror.settle()

    async def _shut_out(self, held: Mapping[str, Cluster]) -> None:
        """Older holders of the run; the fence is no place that a run changes."""
        self.link.judged = False
        try:
            await shut_out(held)
        finally:
            self.link.judged = True

    def _leave(self, why: str) -> None:
        """Whoever takes over writes the run's next records; ours say only how we left it."""
        if self.job.copying is None or self.journal is None:
            return
        with contextlib.suppress(JournalError):
            args = {"state": str(RunState.IN_DOUBT), "reason": why}
            self.journal.append(Kind.PAUSE, args=args)

    def say(self, sentence: str) -> None:
        """Something about the run as a whole: of interest where another machine has had it."""
        if self.journal is not None and self.job.copying is not None:
            self.journal.append(Kind.OBSERVED, result={"evidence": [sentence]})

    def _places(self) -> Sequence[LockSite]:
        """Where the lock is kept, as this machine reaches it: no act of the run."""
        look = partial(self.simulation.on_look, self.host)
        link = Link(self.job.run, self.process, look, judged=False)
        network, world = self.simulation.network, self.simulation.world
        if self.simulation.scenario.seed % _LEASES:
            return lock_places(network, link, self.simulation.places)
        leases = replace(world.world("simulated"), clusters=clusters(network, link, world))
        if WITNESS in self.simulation.places:
            (witness,) = lock_places(network, link, {WITNESS: self.simulation.places[WITNESS]})
            leases = replace(leases, witness=cast("Witness", witness))
        return lock_sites(replace(leases, clock=self.host.clock))

    def believes_to_hold(self) -> bool:
        """Whether it would act now, if it were to."""
        if self.lock is None or self.process.dead or self.ended:
            return False
        try:
            self.lock.check()
        except LeaseLost:
            return False
        return True

    def view(self) -> RunView:
        """The run as the journal tells it."""
        return self.journal.view() if self.journal is not None else RunView()

    def _open(self) -> WatchedJournal:
        disk = SimulatedDisk(self.job.disk, lambda what: self.simulation.on_write(self, what))
        return self.simulation.engine.journal(
            disk,
            self.process,
            lambda record: self.simulation.on_record(self, record),
            run=self.job.run,
            plan_digest=self.job.digest,
            clock=self.host.clock,
        )

    def _guard(self) -> None:
        """Guards on what is true now; refused, the run is over before it began."""
        try:
            refuse(
                self.simulation.engine.guards(self.job.plan, self.simulation.facts(self.job.plan))
            )
        except Refused as error:
            self.job.refused = error.what
            self._end(RunState.CANCELLED, error.what)
            raise

    def _end(self, state: RunState, reason: str) -> None:
        assert self.journal is not None  # noqa: S101
        result = {"state": str(state), "reason": reason, "exit": 0}
        self.journal.append(Kind.HEAD, result=result)
