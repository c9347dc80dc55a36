"""One run from its order to its last record."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from infctl.content.facts import Facts
from infctl.engine.decisions import Decision, Decisions, Verb
from infctl.engine.guards import evaluate, overrides, refuse
from infctl.engine.handler import Context
from infctl.engine.journal import FileJournal
from infctl.engine.machine import Machine, OnFailure
from infctl.engine.operations import find
from infctl.errors import Exit, InfctlError, JournalError, Refused
from infctl.executor import control, leases
from infctl.executor.conclusion import conclude, exit_code
from infctl.executor.facts import read_facts, with_rights
from infctl.executor.folders import Lock, environment_lock, run_lock
from infctl.executor.order import Order
from infctl.executor.recorder import record
from infctl.model.journal import Kind
from infctl.model.run import PAUSED, RunState, fold
from infctl.platform import Platform, load
from infctl.platform.render import cloud_names
from infctl.ports.clock import Clock
from infctl.ports.world import World
from infctl.wiring import fit

SETTLE_SECONDS = 10.0
HEAL_SECONDS = 60.0
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
    if not lock.acquire(f"{os.getpid()}@{socket.gethostname()}"):
        raise Refused(f"run {order.run} has an executor already")
    journal = FileJournal(
        folder, run=order.run, plan_digest=order.plan.digest, actor=order.actor, clock=clock
    )
    try:
        is_new = _begin(journal, order)
        if fold(journal.records()).over:
            return int(fold(journal.records()).result["exit"])
        try:
            async with _opened(order, open_world) as (platform, world):
                execution = _Execution(folder, order, journal, platform, world)
                if first is not None:
                    execution.decisions.put(first)
                return await execution.run(is_new)
        except JournalError:
            raise
        except InfctlError as error:
            if not is_new:
                # What an earlier executor did stands; whoever resumed may try again.
                raise
            state = RunState.CANCELLED if isinstance(error, Refused) else RunState.FAILED
            return _end(journal, state, error.what, int(error.exit_code))
    finally:
        journal.close()
        lock.release()


def _begin(journal: FileJournal, order: Order) -> bool:
    """Write the plan, or check that the journal is of this plan; whether the run is new."""
    records = journal.records()
    for step in order.plan.steps:
        find(step.operation.kind, step.operation.version)
    if not records:
        journal.append(Kind.PLAN, args=order.plan.to_json())
    elif records[0].plan_digest != order.plan.digest:
        raise Refused("the journal is of another plan", unchanged="nothing was done")
    return not any(record.kind == Kind.LEASE for record in records)


@contextlib.asynccontextmanager
async def _opened(order: Order, open_world: OpenWorld) -> AsyncIterator[tuple[Platform, World]]:
    lock = _take_environment(order)
    try:
        platform = fit(load(order.platform, order.overlay, environment=order.environment))
        world = open_world(platform, order.environment)
        try:
            yield platform, world
        finally:
            await world.close()
    finally:
        lock.release()


def _take_environment(order: Order) -> Lock:
    lock = environment_lock(order.environment)
    if not lock.acquire(order.run):
        holder = lock.holder()
        raise Refused(
            f"run {holder} changes environment {order.environment} now",
            hint=f"infctl runs attach {holder}",
            unchanged="nothing was changed",
        )
    return lock


class _Execution:
    """The live part of a run: machine, recordings, leases, socket and signals."""

    def __init__(
        self, folder: Path, order: Order, journal: FileJournal, platform: Platform, world: World
    ) -> None:
        self.folder = folder
        self.order = order
        self.journal = journal
        self.platform = platform
        self.world = world
        self.decisions = Decisions()

    async def run(self, is_new: bool) -> int:
        """Guards, then the machine, then the conclusion."""
        if is_new:
            facts = await read_facts(self.world, self.platform, besides=self.order.run)
            self._judge(await with_rights(facts, self.world, self.order.plan))
        holder = {"pid": os.getpid(), "host": socket.gethostname()}
        self.journal.append(Kind.LEASE, args=holder)
        state, reason = await self._machine()
        if state is RunState.RUNNING:
            return int(Exit.PAUSED)
        result = await asyncio.to_thread(
            conclude,
            self.folder,
            self.order,
            self.platform,
            self._view(),
            state,
            reason,
            self.world.clock.wall(),
        )
        return self._close(state, reason, result)

    def _judge(self, facts: Facts) -> None:
        """Refused where a guard stands in the way; what was overridden is written down."""
        results = evaluate(self.order.plan, facts)
        overridden = frozenset(self.order.overridden)
        refuse(results, overridden)
        if said := overrides(
            results, overridden, str(self.order.plan.parameters.get("reason", ""))
        ):
            self.journal.append(Kind.OBSERVED, result={"evidence": said})

    def _close(self, state: RunState, reason: str, result: dict[str, Any]) -> int:
        code = exit_code(state, result)
        return _end(self.journal, state, reason, code, **result)

    def _view(self) -> Any:
        return fold(self.journal.records())

    async def _machine(self) -> tuple[RunState, str]:
        """The machine with everything that lives beside it; RUNNING where a signal ended it."""
        context = Context(self.world, self.folder, self.order.run, self.order.actor, self._view)
        on_failure: OnFailure = "undo" if self.order.on_failure == "undo" else "pause"
        machine = Machine(
            self.order.plan, self.journal, context, self.decisions, on_failure=on_failure
        )
        async with self._recorded(), control.serve(self.folder, self.decisions):
            renewing = asyncio.create_task(
                leases.renew_faults(self.order.plan, self._view, self.world, self._lost)
            )
            try:
                return await self._until_signal(machine.run())
            finally:
                renewing.cancel()
                await asyncio.gather(renewing, return_exceptions=True)

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
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, told.set)
        task = asyncio.ensure_future(running)
        waiting = asyncio.create_task(told.wait())
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if not task.done():
            # A run that hurts on purpose is not left paused: it heals and stops.
            verb = Verb.UNDO if self.order.on_failure == "undo" else Verb.PAUSE
            self.decisions.put(Decision(verb, by="a signal to the executor"))
            await self._wait_for_pause(task)
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
