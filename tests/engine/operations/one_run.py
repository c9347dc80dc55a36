"""Runs a few steps over a world in memory, with a journal in memory."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from infctl.engine.decisions import Decision, Decisions, Verb
from infctl.engine.handler import Context
from infctl.engine.machine import Machine, OnFailure
from infctl.engine.operations import find
from infctl.fakes.cluster import FakeCluster
from infctl.fakes.world import FakeWorld, fake_world
from infctl.model.fence import SYSTEM
from infctl.model.journal import GENESIS, VERSION, Kind, Record
from infctl.model.plan import Operation, Plan, Step
from infctl.model.run import RunState, RunView, fold

RUN = "01k8run"
ACTOR = "ann@laptop"


@dataclass
class MemoryRecords:
    """What a journal does, in a list."""

    clock: Any
    digest: str
    written: list[Record] = field(default_factory=list)

    def append(self, kind: Kind, **given: Any) -> Record:
        prev = self.written[-1].digest if self.written else GENESIS
        values: dict[str, Any] = {
            "step": None,
            "attempt": 0,
            "key": "",
            "before": None,
            "args": None,
            "result": None,
            "undo": None,
            **given,
        }
        record = Record(
            v=VERSION,
            seq=len(self.written) + 1,
            prev=prev,
            run=RUN,
            plan_digest=self.digest,
            kind=str(kind),
            fence=1,
            actor=ACTOR,
            at=self.clock.wall(),
            boottime=self.clock.boottime(),
            **values,
        )
        self.written.append(record)
        return record

    def records(self) -> tuple[Record, ...]:
        return tuple(self.written)

    def view(self) -> RunView:
        return fold(self.written)


async def _nothing() -> None:
    return None


@dataclass
class Meanwhile:
    """Lets all happen, and something else between the intent and the act."""

    happen: Callable[[], Awaitable[None]]

    async def check(self, step: Step) -> None:
        return None

    async def publish(self, step: Step) -> None:
        await self.happen()


@dataclass
class OneRun:
    """A plan of steps `s1`, `s2`, one after the other, and what became of it."""

    fakes: FakeWorld
    plan: Plan
    records: MemoryRecords
    decisions: Decisions
    context: Context
    meanwhile: Callable[[], Awaitable[None]] = _nothing

    @property
    def first(self) -> Operation:
        return self.plan.steps[0].operation

    async def carry(self, on_failure: OnFailure = "stop") -> tuple[RunState, str]:
        """A new executor's life; who pauses waits for a decision."""
        self.records.append(Kind.LEASE, args={"pid": 1})
        machine = Machine(
            self.plan,
            cast("Any", self.records),
            self.context,
            self.decisions,
            on_failure=on_failure,
            permit=Meanwhile(self.meanwhile),
        )
        return await machine.run()

    async def until(self, running: "asyncio.Task[Any]", is_there: Callable[[], bool]) -> None:
        """Until something is there; the run must not have ended before."""
        while not is_there():
            assert not running.done(), running.result()
            await asyncio.sleep(0)

    def answer(self, words: str, step: str = "s1", by: str = "bob") -> None:
        self.decisions.put(Decision(Verb.ANSWER, by=by, reason=words, step=step))

    def step(self, step_id: str = "s1") -> Any:
        return self.records.view().step(step_id)


def one_run(
    *operations: Operation,
    fakes: FakeWorld | None = None,
    timeout: float = 30.0,
    folder: Path = Path("/nowhere"),
) -> OneRun:
    """A plan of these operations over a world with the namespace of infctl in every cluster."""
    fakes = fakes or fake_world()
    steps = tuple(
        Step(
            f"s{number}",
            operation,
            after=(f"s{number - 1}",) if number > 1 else (),
            timeout=timeout,
        )
        for number, operation in enumerate(operations, 1)
    )
    plan = Plan("test", "a test", "fake", steps)
    for step in plan.steps:
        find(step.operation.kind, step.operation.version).check(step.operation.args)
    records = MemoryRecords(fakes.clock, plan.digest)
    records.append(Kind.PLAN, args=plan.to_json())
    context = Context(fakes.world(), folder, RUN, ACTOR, records.view)
    return OneRun(fakes, plan, records, Decisions(), context)


async def make_namespaces(fakes: FakeWorld, *names: str) -> None:
    for cluster in fakes.clusters.values():
        for name in names or (SYSTEM,):
            await make_namespace(cluster, name)


async def make_namespace(cluster: FakeCluster, name: str) -> None:
    await cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
