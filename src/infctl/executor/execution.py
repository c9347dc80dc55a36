"""One run from its order to its last record."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from infctl.engine.adoption import differences
from infctl.engine.alongside import beside, while_held
from infctl.engine.copies import catch_up
from infctl.engine.decisions import Decision, Decisions, Verb
from infctl.engine.fencing import shut_out
from infctl.engine.handler import Context
from infctl.engine.journal import FileJournal
from infctl.engine.locks import FreezeWatch
from infctl.engine.machine import Machine
from infctl.engine.mirroring import Mirror
from infctl.engine.operations import find
from infctl.errors import Exit, InfctlError, JournalError, LeaseLost, Refused
from infctl.executor import control, leases
from infctl.executor.alarms import Courier, keep_alarm
from infctl.executor.alarms.raising import alarm_again, alarm_of
from infctl.executor.before import doctors_word, judged
from infctl.executor.conclusion import conclude, exit_code
from infctl.executor.elsewhere import prune
from infctl.executor.exclusive import (
    LOCK,
    Exclusive,
    dead_lease,
    exclusive,
    holder_of,
    take_environment,
)
from infctl.executor.folders import run_lock
from infctl.executor.freezing import frozen_here
from infctl.executor.living import identity, keep_beating
from infctl.executor.order import Order
from infctl.executor.permission import RunPermit
from infctl.executor.recorder import record
from infctl.model.alarm import Alarm
from infctl.model.journal import Kind
from infctl.model.run import PAUSED, RunState, RunView
from infctl.platform import Platform, load
from infctl.platform.render import cloud_names
from infctl.ports.clock import Clock
from infctl.ports.world import World
from infctl.wiring import fit

SETTLE_SECONDS = 10.0
HEAL_SECONDS = 60.0
_FREEZE_POLL = 0.2
_log = logging.getLogger(__name__)

OpenWorld = Callable[[Platform, str], World]


async def execute(
    folder: Path,
    order: Order,
    open_world: OpenWorld,
    clock: Clock,
    first: Decision | None = None,
) -> int:
    """Run the order to its end, or to a pause at which SIGTERM may end the process.

    `first` was decided before anything begins. Returns the exit code. Raises JournalError, and
    Refused where another executor has the run.
    """
    lock = run_lock(folder)
    if not lock.acquire(identity()):
        raise Refused(f"run {order.run} has an executor already")
    journal = FileJournal(
        folder, run=order.run, plan_digest=order.plan.digest, actor=order.actor, clock=clock
    )
    try:
        is_new = _begin(journal, order, first)
        if journal.view().over:
            return int(journal.view().result["exit"])
        try:
            opened = _opened(order, open_world)
            async with beside(keep_beating(lock)), opened as (platform, world):
                execution = _Execution(folder, order, journal, platform, world)
                if first is not None and first.verb is not Verb.ADOPT:
                    execution.decisions.put(first)
                return await execution.run(is_new)
        except JournalError:
            raise
        except InfctlError as error:
            if not is_new:
                # What an earlier executor did stands; whoever resumed may try again.
                raise
            state = RunState.CANCELLED if isinstance(error, Refused) else RunState.FAILED
            said = [f"try: {error.hint}"] if error.hint else []
            return _end(journal, state, error.what, int(error.exit_code), summary=said)
    finally:
        journal.close()
        lock.release()


def _begin(journal: FileJournal, order: Order, first: Decision | None) -> bool:
    """Write the plan, or check that this infctl may carry the run on; whether the run is new."""
    records = journal.records()
    for step in order.plan.steps:
        find(step.operation.kind, step.operation.version)
    if not records:
        journal.append(Kind.PLAN, args=order.plan.to_json())
    elif records[0].plan_digest != order.plan.digest:
        raise Refused("the journal is of another plan", unchanged="nothing was done")
    elif found := differences(order.plan, records):
        _adopt(journal, found, first)
    return not any(record.kind == Kind.LEASE for record in records)


def _adopt(journal: FileJournal, found: tuple[str, ...], first: Decision | None) -> None:
    """Carry on what another release began: only where somebody says so, and why."""
    said = "; ".join(found)
    if first is None or first.verb is not Verb.ADOPT:
        raise Refused(
            f"another infctl began this run: {said}",
            hint=f"use that one, or infctl runs resume {journal.view().run} --adopt --reason WHY",
            unchanged="nothing was done",
        )
    evidence = [f"adopted by {first.by} ({first.reason}) although {said}"]
    journal.append(Kind.OBSERVED, result={"evidence": evidence})


@contextlib.asynccontextmanager
async def _opened(order: Order, open_world: OpenWorld) -> AsyncIterator[tuple[Platform, World]]:
    lock = await take_environment(order.environment, order.run)
    try:
        platform = fit(load(order.platform, order.overlay, environment=order.environment))
        world = open_world(platform, order.environment)
        try:
            yield platform, world
        finally:
            await world.close()
    finally:
        lock.release()


class _Execution:
    """The live part of a run: lock, machine, copies, recordings, leases, socket and signals."""

    def __init__(
        self, folder: Path, order: Order, journal: FileJournal, platform: Platform, world: World
    ) -> None:
        self.folder = folder
        self.order = order
        self.journal = journal
        self.platform = platform
        self.world = world
        self.decisions = Decisions()
        self.freezes = FreezeWatch(world, frozen_here, world.clock)
        self.courier = Courier(world)

    async def run(self, is_new: bool) -> int:
        """Guards, then lock and machine, then the conclusion."""
        self.courier.start()
        try:
            if is_new:
                await self._judge()
            else:
                # Whoever takes a run over knows nothing of an alarm on another machine's disk.
                await self._raise_alarm(alarm_again(self.order, self._view()))
            return await self._hold(is_new)
        except LeaseLost as lost:
            # Whoever took over writes the run's next records; ours say only how we left it.
            args = {"state": str(RunState.IN_DOUBT), "reason": lost.what}
            self.journal.append(Kind.PAUSE, args=args)
            return int(lost.exit_code)
        finally:
            await self.courier.stop()

    async def _judge(self) -> None:
        """Refused where a guard stands in the way; what was overridden is written down.

        Its alarm is on this disk before anything else, and nobody is waited for until it arrives.
        """
        results = await judged(self.world, self.platform, self.order)
        if word := await doctors_word(self.world, self.platform, self.order):
            self.journal.append(Kind.OBSERVED, result={"evidence": [word]})
        alarm = alarm_of(self.order, results, self.world.clock.wall())
        await self._raise_alarm(alarm)
        if alarm is not None:
            self.journal.append(Kind.OBSERVED, result={"evidence": list(alarm.evidence)})

    async def _raise_alarm(self, alarm: Alarm | None) -> None:
        if alarm is not None:
            await asyncio.to_thread(keep_alarm, alarm)
            self.courier.wake()

    async def _hold(self, is_new: bool) -> int:
        """Everything that happens while this executor holds the environment's lock."""
        if not is_new:
            # A new run read its facts; here the lock's deadline would pay for loading SDKs.
            await self.world.warm()
        holding = exclusive(
            self.world,
            self.order.run,
            tell=self._tell,
            carries_on=not is_new,
            succeeds=dead_lease(self.journal.view(), self.folder),
            force=LOCK in self.order.overridden,
        )
        async with holding as held:
            if not is_new:
                await catch_up(self.world, self.journal)
                if self._view().over:
                    # It ended where it was begun, while this machine waited for the lock.
                    return int(self._view().result["exit"])
            self.journal.fence = held.fence
            self.journal.append(Kind.LEASE, args=holder_of(held, self.folder))
            mirror = Mirror(
                self.world.clusters, self.order, self.journal, self.world.clock, self._tell
            )
            if not is_new:
                await shut_out(held.world.clusters)
            if not is_new or self._frozen():
                # It may not act before it knows whether it is frozen; a new run was just told, and
                # this machine's own word may have been lifted elsewhere.
                await self.freezes.ask()
            async with beside(mirror.run(), self.freezes.run(), self._obey_freezes()):
                try:
                    state, reason = await self._machine(held, mirror)
                    if state is RunState.RUNNING:
                        return int(Exit.PAUSED)
                    code = await self._conclude(state, reason)
                except JournalError:
                    # What this machine's own disk did not take, others must still be told.
                    await mirror.settle()
                    raise
                await mirror.settle()
                await prune(self.world)
                return code

    async def _conclude(self, state: RunState, reason: str) -> int:
        now = self.world.clock.wall()
        result = await asyncio.to_thread(
            conclude, self.folder, self.order, self.platform, self._view(), state, reason, now
        )
        return _end(self.journal, state, reason, exit_code(state, result), **result)

    def _view(self) -> RunView:
        return self.journal.view()

    def _tell(self, sentence: str) -> None:
        """Something about the run as a whole, for whoever looks at it."""
        _log.warning("%s", sentence)
        self.journal.append(Kind.OBSERVED, result={"evidence": [sentence]})

    def _frozen(self) -> str | None:
        found = self.freezes.current()
        return None if found is None else found.sentence

    async def _obey_freezes(self) -> None:
        """A freeze pauses the run, also while its steps only wait."""
        was_frozen = False
        while True:
            why = self._frozen()
            if why is not None and not was_frozen:
                self.decisions.put(Decision(Verb.PAUSE, by="infctl freeze", reason=why))
            was_frozen = why is not None
            await asyncio.sleep(_FREEZE_POLL)

    async def _machine(self, held: Exclusive, mirror: Mirror) -> tuple[RunState, str]:
        """The machine with everything that lives beside it; RUNNING where a signal ended it."""
        order = self.order
        context = Context(held.world, self.folder, order.run, order.actor, self._view)
        machine = Machine(
            order.plan,
            self.journal,
            context,
            self.decisions,
            on_failure="undo" if order.on_failure == "undo" else "pause",
            permit=RunPermit(held.world, held.lock, mirror, self._frozen),
        )
        async with self._recorded(), control.serve(self.folder, self.decisions):
            # Made here: a socket that cannot be opened leaves no coroutine that nobody awaits.
            faults = leases.renew_faults(
                order.plan, self._view, self.world, self._lost, lambda: self._frozen() is not None
            )
            async with beside(faults):
                return await self._until_signal(while_held(machine.run(), held.lock))

    def _lost(self, fault: str) -> None:
        """A fault that ended by itself: what would be measured from now on is not its recovery."""
        reason = f"fault {fault} healed by its lease, which nobody renewed in time"
        self.decisions.put(Decision(Verb.UNDO, by="the executor", reason=reason))

    def _recorded(self) -> contextlib.AbstractAsyncContextManager[None]:
        region = self.order.plan.parameters.get("region")
        if "drill" not in self.order.plan.parameters or not region:
            return contextlib.nullcontext()
        return record(
            self.folder,
            self.world,
            zone=self.platform.service.zone,
            host=self.platform.service.host,
            check=cloud_names.check_name(self.platform, str(region)),
        )

    async def _until_signal(self, running: Awaitable[tuple[RunState, str]]) -> tuple[RunState, str]:
        """SIGTERM asks for a pause at the next step's edge; after 10 s it ends what runs."""
        told = asyncio.Event()
        loop = asyncio.get_running_loop()

        def end() -> None:
            # What is asked from now on is for the next executor: this one only ends.
            self.decisions.close()
            told.set()

        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, end)
        task = asyncio.ensure_future(running)
        waiting = asyncio.create_task(told.wait())
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if not task.done():
            # A run that hurts on purpose is not left paused: it heals and stops.
            verb = Verb.UNDO if self.order.on_failure == "undo" else Verb.PAUSE
            self.decisions.put(Decision(verb, by="a signal to the executor"))
            await self._wait_for_pause(task)
        self.decisions.end()
        if task.done():
            return task.result()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return RunState.RUNNING, "ended by a signal"

    async def _wait_for_pause(self, task: "asyncio.Future[Any]") -> None:
        patience = HEAL_SECONDS if self.order.on_failure == "undo" else SETTLE_SECONDS
        deadline = self.world.clock.boottime() + patience
        while not task.done() and self.world.clock.boottime() < deadline:
            if self._view().state in PAUSED:
                return
            await asyncio.sleep(0.1)


def _end(journal: FileJournal, state: RunState, reason: str, code: int, **result: Any) -> int:
    content = {**result, "state": str(state), "reason": reason, "exit": code}
    journal.append(Kind.HEAD, result=content)
    return code
