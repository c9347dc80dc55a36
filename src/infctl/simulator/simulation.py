"""One scenario carried out: machines, faults and people around the engine, all in virtual time."""

import asyncio
import random
from contextvars import Context
from dataclasses import dataclass, field, replace

from infctl.content.facts import Facts
from infctl.engine.guards import leaving, needed_rights
from infctl.fakes.witness import FakeWitness
from infctl.fakes.world import FakeWorld
from infctl.model.journal import Kind, Record
from infctl.model.plan import Plan
from infctl.model.run import StepState, fold
from infctl.simulator import invariants, meddling
from infctl.simulator.copying import Copying
from infctl.simulator.disk import Platter
from infctl.simulator.engine import INFCTL, Engine
from infctl.simulator.environment import build, lock_names, picture, regions_on
from infctl.simulator.faults import BEFOREHAND, REQUESTS, WRITES, Fault
from infctl.simulator.host import Executor, Host
from infctl.simulator.loop import VirtualLoop, virtual_loop, where
from infctl.simulator.network import PATIENCE, Network
from infctl.simulator.people import Person
from infctl.simulator.plans import steady_facts
from infctl.simulator.ports import Answers
from infctl.simulator.rollouts import rolled_out
from infctl.simulator.scenario import Scenario
from infctl.simulator.strikes import STRIKES
from infctl.simulator.trace import DOING, Act, Doing, Job, Trace

FORGETTING = 600.0
CLOSED = 6 * 3600.0
"""Seconds within which every run must have ended, once people and faults had their turn."""


@dataclass
class Simulation:
    """What is shared by everybody in one scenario."""

    scenario: Scenario
    engine: Engine = INFCTL
    trace: Trace = field(default_factory=Trace)
    world: FakeWorld = field(init=False)
    moment: int = 0
    jobs: list[Job] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    slow_until: dict[str, float] = field(default_factory=dict)
    frozen_until: float = -1.0
    guard_broke: bool = False
    reading: bool = False
    ended: float = 0.0
    newest: dict[str, int] = field(default_factory=dict)
    kept: dict[Doing, frozenset[str]] = field(default_factory=dict)
    sleeps: list[tuple[Job, float, float]] = field(default_factory=list)
    attending: "list[asyncio.Task[None]]" = field(default_factory=list)

    def __post_init__(self) -> None:
        # Not for secrets: the same seed must give the same run.
        self.chance = random.Random(self.scenario.seed)  # noqa: S311
        self.world = build(self.scenario.regions)
        self.network = Network(self.chance, self.trace, self._sending, self._arrived)
        self.coming = [f for f in self.scenario.faults if f.kind not in BEFOREHAND]
        self.interruptions = list(self.scenario.interruptions)
        self.is_copied = any(f.kind == "colleague" for f in self.scenario.faults)
        self.waiting: list[Fault] = []
        names = lock_names(self.scenario.regions)
        self.places = {name: FakeWitness(name, has_table=True) for name in names}
        self.world.resolver = Answers(self.world.names, world=self.world)
        for region, cluster in self.world.clusters.items():
            cluster.controllers = [rolled_out(self, region, c) for c in cluster.controllers]
        for kind in {f.kind for f in self.scenario.faults} & BEFOREHAND:
            self.trace.injected[kind] += 1

    async def _forget(self) -> None:
        """API servers keep no history for ever: nobody watches here."""
        while True:
            await asyncio.sleep(FORGETTING)
            for cluster in self.world.clusters.values():
                cluster.storage.forget()

    async def run(self) -> None:
        """Everything, until every run has ended or nobody can do anything more for it."""
        fast = any(f.kind == "fast_clock" for f in self.scenario.faults)
        plans = [self.scenario.plan]
        if self.scenario.rival is not None:
            plans.append(self.scenario.rival)
        for number, plan in enumerate(plans):
            host = Host(f"host-{number}")
            if number and fast:
                host.clock.rate = 1.4
            job = Job(f"sim-{number}", plan, Platter(), plan.digest)
            if self.is_copied:
                # Copies are looked for by whole ids alone.
                job.run, job.copying = f"{number:026}", Copying()
            decisions = self.scenario.decisions if not number else ()
            delay = number * self.chance.random()
            self.join(Person(self, job, host, list(decisions), delay=delay))
        forgetting = asyncio.create_task(self._forget())
        closed = CLOSED + 2 * self.scenario.patience * len(self.scenario.decisions)
        try:
            async with asyncio.timeout(closed):
                await self._attended()
        except TimeoutError:
            states = ", ".join(f"{p.job.run}: {p.job.state}, {p.last}" for p in self.people)
            self.trace.accuse("every_run_ends", f"not within {closed:g} s: {states}")
        forgetting.cancel()
        # What is still on its way arrives.
        await asyncio.sleep(60.0)
        for person in self.people:
            person.leave()
        invariants.judge_end(self)
        self.ended = self.now()

    def join(self, person: Person) -> None:
        """Somebody comes, who lives and dies with no process that is there already."""
        self.jobs.append(person.job)
        self.people.append(person)
        loop = asyncio.get_running_loop()
        self.attending.append(loop.create_task(person.attend(), context=Context()))

    async def _attended(self) -> None:
        """Until everybody is done, also those who come later."""
        while waiting := [task for task in self.attending if not task.done()]:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_EXCEPTION)
            for task in self.attending:
                if task.done():
                    task.result()

    def now(self) -> float:
        """True time."""
        return asyncio.get_running_loop().time()

    def frozen(self) -> str | None:
        """Why everything stands still."""
        return "frozen: simulated" if self.frozen_until > self.now() else None

    def facts(self, plan: Plan) -> Facts:
        """What guards judge by; with a bug in what they read, where one was drawn."""
        on = regions_on(self.world)
        off = tuple(r for r in self.world.clusters if r not in on)
        rights = dict.fromkeys(needed_rights(plan), "")
        facts = steady_facts(10.0, off=off, regions=self.scenario.regions)
        facts = replace(facts, rights=rights, unfinished=self._unfinished(plan))
        has_bug = any(f.kind == "guard_bug" for f in self.scenario.faults)
        return meddling.poison(facts, self._guard_broke) if has_bug else facts

    def _unfinished(self, plan: Plan) -> dict[str, str]:
        """Runs that are not over. People override that, but for plans that both leave regions."""
        if not leaving(plan):
            return {}
        others = (j for j in self.jobs if j.plan is not plan and j.fences and not j.view.over)
        return {j.run: f"{j.run} has not ended" for j in others if leaving(j.plan)}

    def _guard_broke(self) -> None:
        self.guard_broke = True

    def granted(self, job: Job, fence: int) -> None:
        """A run got the lock."""
        self.trace.grants.append((self.now(), fence, job.run))
        job.fences.append(fence)
        if job.before is None:
            job.before = picture(self.world)
        invariants.judge_grant(self, job, fence)

    def on_request(self, executor: Executor, place: str, writes: bool) -> str:
        """A request is about to go out; the fault that meets it."""
        if not writes:
            executor.job.looked = self.now()
        if executor.host.cut_until > self.now():
            return "request_lost"
        fault = self._strike(executor, "write" if writes else "read")
        if fault is None:
            return ""
        if fault.kind == "meddling":
            meddling.meddle(self, place if writes else fault.region)
        return fault.kind if fault.kind in REQUESTS else ""

    def on_look(self, host: Host, place: str, writes: bool) -> str:
        """A request for the lock, or for copies before there is one: met by no fault of its own."""
        del place, writes
        return "request_lost" if host.cut_until > self.now() else ""

    def on_copy(self, executor: Executor, place: str, writes: bool) -> str:
        """A copy is about to be read or written, which is a moment like others."""
        del place, writes
        if executor.host.cut_until > self.now():
            return "request_lost"
        fault = self._strike(executor, "copy")
        return fault.kind if fault is not None and fault.kind in REQUESTS else ""

    def adopted(self, job: Job, records: tuple[Record, ...]) -> None:
        """A machine took records over that others wrote, and were judged when they did."""
        if len(records) > len(job.records):
            job.records[:] = records
            job.view = fold(records)

    def on_write(self, executor: Executor, what: str) -> str:
        """The journal is about to be written; what becomes of it."""
        if executor.process.dead:
            return "die"
        fault = self._strike(executor, what)
        if executor.process.dead and fault is not None:
            return "die after" if fault.phase % 2 else "die"
        if fault is not None and fault.kind == "io_error":
            return "refuse"
        return "refuse" if executor.host.full_until > self.now() else ""

    def found(self, job: Job, records: tuple[Record, ...]) -> None:
        """A new executor opened the journal: what its predecessor had written, told or not."""
        if list(records[: len(job.records)]) != job.records:
            self.trace.accuse("nothing_is_lost", f"{job.run} is not as it was told")
        self.reading = True
        for record in records[len(job.records) :]:
            job.records.append(record)
            invariants.judge_record(self, job, record)
        self.reading = False

    def on_record(self, executor: Executor, record: Record) -> None:
        """A record is durable."""
        job = executor.job
        if executor.journal is not None and record.seq > len(job.records) + 1:
            # Its row went to the disk and its mark did not: nobody was told.
            self.found(job, executor.journal.records()[: record.seq - 1])
        job.records.append(record)
        step = record.step or ""
        if record.kind in (Kind.INTENT, Kind.UNDO_INTENT):
            undoing = record.kind == Kind.UNDO_INTENT
            operation = record.undo if undoing else record.args
            DOING.set(Doing(job.run, step, undoing, operation["kind"], record.attempt))
        elif record.kind == Kind.UNKNOWN:
            job.lost[step] = self.now()
            job.lost_life = job.lives
        elif record.kind in (Kind.DONE, Kind.FAILED, Kind.UNDO_DONE):
            DOING.set(None)
        view = None if executor.journal is None else executor.journal.view()
        invariants.judge_record(self, job, record, view)
        if record.kind in (Kind.PAUSE, Kind.HEAD):
            job.state = str((record.args or record.result)["state"])
            self.trace.reached[job.state] += 1
        elif record.kind in (Kind.RESUME, Kind.LEASE):
            job.state = "running"
        for person in self.people:
            if person.job is job:
                person.look()

    def _strike(self, executor: Executor, what: str) -> Fault | None:
        self.moment += 1
        self._interrupt()
        while self.coming and self.coming[0].moment <= self.moment:
            self.waiting.append(self.coming.pop(0))
        for fault in self.waiting:
            if _fits(fault, what, executor):
                self.waiting.remove(fault)
                self.trace.injected[fault.kind] += 1
                if fault.kind in STRIKES:
                    STRIKES[fault.kind](self, fault, executor)
                return fault
        return None

    def _interrupt(self) -> None:
        for interruption in list(self.interruptions):
            if interruption.moment <= self.moment:
                self.interruptions.remove(interruption)
                self.people[0].interrupt(interruption.verb)

    def sleep(self, executor: Executor, seconds: float, *, stops_timers: bool = False) -> None:
        """Let a process sleep; whoever runs there notices nothing but the time."""
        until = self.now() + seconds
        loop = asyncio.get_running_loop()
        if stops_timers and isinstance(loop, VirtualLoop):
            loop.suspend(executor.process, seconds)
        executor.process.wakes = until
        self.sleeps.append((executor.job, self.now(), until))

    def slept(self, job: Job, *, since: float) -> float:
        """Seconds that a run's executor slept until now, as far as they lie after `since`."""
        now = self.now()
        spans = [(max(a, since), min(b, now)) for j, a, b in self.sleeps if j is job]
        return sum(max(0.0, b - a) for a, b in spans)

    def touched(self, job: Job) -> frozenset[str]:
        """The places that a run has changed."""
        return frozenset(p for act in self.trace.acts if act.run == job.run for p in act.changed)

    def _sending(self, act: Act) -> None:
        invariants.judge_sending(self, act)

    def _arrived(self, act: Act) -> None:
        invariants.judge_arrival(self, act)
        if act.at - act.sent > PATIENCE and act.doing is not None:
            self._note_late(act, act.doing)
        if self.is_copied and invariants.is_known_window(self, act):
            self.trace.foreign.update(dict.fromkeys(act.changed, act.at))

    def _note_late(self, act: Act, doing: Doing) -> None:
        """Until the next holder writes, a cluster still takes what its run has undone already."""
        # Who was only asked for the run knows no plan yet.
        jobs = (job for job in self.jobs if job.run == act.run and job.records)
        views = [job.view for job in jobs]
        gone = any(v.over or v.step(doing.step).state is StepState.UNDONE for v in views)
        if gone:
            self.trace.foreign.update(dict.fromkeys(act.changed, act.at))


def _fits(fault: Fault, what: str, executor: Executor) -> bool:
    if fault.kind == "colleague" and executor.lock is None:
        # Nothing was done yet that somebody could take over.
        return False
    if what == "copy" and fault.kind in REQUESTS:
        return bool(fault.phase)
    if what == "copy" and fault.kind == "meddling":
        return False
    # A machine that falls asleep between a look and a write wakes in another world.
    if fault.kind in REQUESTS or (fault.kind == "suspend" and fault.phase):
        return what == "write"
    if fault.kind in WRITES:
        return what in ("row", "mark")
    return True


def simulate(scenario: Scenario, engine: Engine = INFCTL) -> Simulation:
    """Carry one scenario out; its trace holds what was seen."""
    loop = virtual_loop()
    found: list[Simulation] = []

    async def main() -> None:
        simulation = Simulation(scenario, engine)
        found.append(simulation)
        await simulation.run()

    try:
        loop.run(main())
    except Exception as error:
        found[0].trace.accuse("nothing_breaks", where(error))
    for uncaught in loop.errors:
        found[0].trace.accuse("nothing_breaks", uncaught)
    return found[0]
