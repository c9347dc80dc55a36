"""One executor's life over the toy world, with a permit that a test speaks for."""

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from toy_run import MemoryJournal, begin, facts_of
from toy_world import Crash, Toy

from infctl.engine.decisions import Decision, Decisions, Verb
from infctl.engine.handler import Context
from infctl.engine.machine import Machine, OnFailure
from infctl.errors import LeaseLost
from infctl.model.journal import Kind
from infctl.model.plan import Plan, Step
from infctl.model.run import RunState, RunView, fold
from infctl.runbooks import failover

REGION = "eu-west-1"
OTHER = "ap-south-1"


@dataclass
class Leave:
    """A permit that says what it was told to, and remembers what it was asked."""

    refusal: Exception | None = None
    overtaken: bool = False
    asked: list[str] = field(default_factory=list)

    async def check(self, step: Step) -> None:
        self.asked.append(f"check {step.id}")
        if self.refusal is not None:
            raise self.refusal

    async def publish(self, step: Step) -> None:
        self.asked.append(f"publish {step.id}")
        if self.overtaken:
            raise LeaseLost("another holder took over")


class Run:
    """One executor's life over the toy world."""

    def __init__(self, toy: Toy, plan: Plan, *, on_failure: OnFailure = "pause") -> None:
        self.toy = toy
        self.plan = plan
        self.journal: MemoryJournal = begin(toy, plan)
        self.decisions = Decisions()
        self.leave = Leave()
        self.on_failure = on_failure
        self.task: asyncio.Task[tuple[RunState, str]] | None = None
        self.decided = 0

    def view(self) -> RunView:
        return fold(self.journal.records())

    def start(self) -> "asyncio.Task[tuple[RunState, str]]":
        self.journal.append(Kind.LEASE, args={"pid": 1})
        context = Context(self.toy.world(), Path("/nowhere"), "toy", "tester", self.view)
        machine = Machine(
            self.plan,
            self.journal,
            context,
            self.decisions,
            on_failure=self.on_failure,
            permit=self.leave,
        )
        self.task = asyncio.create_task(machine.run())
        return self.task

    async def start_and_die(self, moment: str) -> None:
        """Once, at a moment of the journal's; whoever starts it again lives."""
        left = [moment]

        def die(what: str) -> None:
            if what in left:
                left.clear()
                raise Crash

        self.journal.hook = die
        with pytest.raises(Crash):
            await self.start()
        self.journal.dead = False

    async def until(self, state: RunState) -> RunView:
        assert self.task is not None
        for _ in range(100_000):
            view = self.view()
            if view.state is state and view.seq > self.decided:
                return view
            if self.task.done():
                self.task.result()
                raise AssertionError(f"ended as {self.view().state}")
            await asyncio.sleep(0)
        raise AssertionError(f"still {self.view().state}")

    def decide(self, verb: Verb, reason: str = "", step: str = "") -> None:
        self.decided = self.view().seq
        self.decisions.put(Decision(verb, by="tester", reason=reason, step=step))


async def two_steps(toy: Toy, **changes: object) -> Plan:
    """Two independent scalings, then nothing; `changes` are of the first one's step."""
    facts = await facts_of(toy)
    first = replace(failover.scale_step(facts, REGION, 4), **changes)  # type: ignore[arg-type]
    second = failover.scale_step(facts, OTHER, 4)
    base = failover.plan(facts, REGION, "test")
    return Plan(base.name, base.summary, base.environment, (first, second), base.blast_radius)


def first_step(run: Run) -> str:
    return run.plan.steps[0].id
