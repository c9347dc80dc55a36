"""What a run does by its plan's words, by people's, and while everything is frozen."""

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from toy_run import MemoryJournal, begin, facts_of
from toy_world import Crash, Toy

from infctl.engine.decisions import Decision, Decisions, Verb
from infctl.engine.handler import Context
from infctl.engine.machine import Machine, OnFailure
from infctl.errors import Conflict, Frozen, LeaseLost, Refused
from infctl.model.journal import Kind
from infctl.model.plan import Operation, Plan, Step, from_json
from infctl.model.run import RunState, RunView, StepState, fold
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


async def _two(toy: Toy, **changes: object) -> Plan:
    """Two independent scalings, then nothing; `changes` are of the first one's step."""
    facts = await facts_of(toy)
    first = replace(failover.scale_step(facts, REGION, 4), **changes)  # type: ignore[arg-type]
    second = failover.scale_step(facts, OTHER, 4)
    base = failover.plan(facts, REGION, "test")
    return Plan(base.name, base.summary, base.environment, (first, second), base.blast_radius)


def _first(run: Run) -> str:
    return run.plan.steps[0].id


async def test_a_step_that_may_fail_is_tried_again_after_growing_pauses() -> None:
    toy = Toy()
    run = Run(toy, await _two(toy, max_attempts=3))
    refusals = [0]

    def refuse_twice(what: str) -> None:
        if REGION in what and refusals[0] < 2:
            refusals[0] += 1
            raise Refused("a webhook says no")

    toy.hook = refuse_twice
    begun = toy.clock.now
    state, _ = await run.start()
    assert state is RunState.COMPLETED
    assert run.view().step(_first(run)).attempt == 3
    assert toy.clock.now - begun >= 1 + 2


async def test_attempts_are_bounded_also_over_a_crash() -> None:
    toy = Toy()
    run = Run(toy, await _two(toy, max_attempts=2))

    def refuse(what: str) -> None:
        if REGION in what:
            raise Refused("a webhook says no")

    toy.hook = refuse
    died = [False]

    def die(what: str) -> None:
        if what == f"after failed {_first(run)}" and not died[0]:
            died[0] = True
            raise Crash

    run.journal.hook = die
    with pytest.raises(Crash):
        await run.start()
    run.journal.dead = False
    run.start()
    await run.until(RunState.PAUSED_BY_FAILED_STEP)
    assert run.view().step(_first(run)).attempt == 2
    run.decide(Verb.STOP)
    assert run.task is not None
    await run.task


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("skip", RunState.COMPLETED_WITH_EXCEPTIONS),
        ("undo", RunState.ROLLED_BACK),
        ("stop", RunState.FAILED),
    ],
)
async def test_a_plan_says_what_the_failure_of_a_step_means(word: str, state: RunState) -> None:
    toy = Toy()
    run = Run(toy, await _two(toy, on_failure=word))

    def refuse(what: str) -> None:
        if REGION in what:
            raise Refused("a webhook says no")

    toy.hook = refuse
    ended, reason = await run.start()
    assert ended is state, reason
    assert toy.replicas[REGION] == 2
    assert toy.replicas[OTHER] == (2 if word == "undo" else 4)


async def test_going_on_ungracefully_says_what_is_lost_and_undo_still_takes_it_back() -> None:
    toy = Toy(stubborn={REGION})
    facts = await facts_of(toy)
    plan = failover.plan(facts, REGION, "test")
    run = Run(toy, plan)
    run.start()
    await run.until(RunState.PAUSED_BY_FAILED_STEP)
    run.decide(Verb.UNGRACEFUL, "customers first")
    assert run.task is not None
    state, reason = await run.task
    assert (state, reason) == (RunState.COMPLETED_WITH_EXCEPTIONS, "skipped: verify")
    assert "ungracefully by tester" in " ".join(run.view().step("verify").evidence)


async def test_a_step_that_was_skipped_after_its_act_is_taken_back_too() -> None:
    toy = Toy()
    plan = await _two(toy, timeout=5.0)
    run = Run(toy, plan)
    toy.ready = {REGION: 2, OTHER: 2}
    run.start()
    await run.until(RunState.PAUSED_BY_FAILED_STEP)
    assert toy.replicas[REGION] == 4
    run.decide(Verb.UNGRACEFUL, "enough of them", _first(run))
    await run.until(RunState.PAUSED_BY_FAILED_STEP)
    run.decide(Verb.UNDO)
    assert run.task is not None
    assert (await run.task)[0] is RunState.ROLLED_BACK
    assert toy.replicas == dict.fromkeys(toy.replicas, 2)


async def test_what_was_before_the_first_attempt_is_what_undo_restores() -> None:
    toy = Toy()
    run = Run(toy, await _two(toy, timeout=5.0))
    toy.ready = {REGION: 2}
    run.start()
    await run.until(RunState.PAUSED_BY_FAILED_STEP)
    run.decide(Verb.RETRY)
    await run.until(RunState.PAUSED_BY_FAILED_STEP)
    seen = run.view().step(_first(run))
    assert (seen.attempt, seen.before) == (2, 2)
    toy.ready = {}
    run.decide(Verb.UNDO)
    assert run.task is not None
    state, reason = await run.task
    assert state is RunState.ROLLED_BACK, reason
    assert toy.replicas == dict.fromkeys(toy.replicas, 2)


async def test_a_decision_can_mean_one_step_alone() -> None:
    toy = Toy()
    run = Run(toy, await _two(toy))

    def refuse(_: str) -> None:
        raise Refused("a webhook says no")

    toy.hook = refuse
    run.start()
    await run.until(RunState.PAUSED_BY_FAILED_STEP)
    toy.hook = lambda _: None
    run.decide(Verb.SKIP, "not needed", run.plan.steps[1].id)
    await run.until(RunState.PAUSED_BY_FAILED_STEP)
    assert run.view().step(run.plan.steps[1].id).state is StepState.SKIPPED
    run.decide(Verb.RETRY)
    assert run.task is not None
    state, _ = await run.task
    assert state is RunState.COMPLETED_WITH_EXCEPTIONS
    assert (toy.replicas[REGION], toy.replicas[OTHER]) == (4, 2)


async def test_an_object_that_changed_since_it_was_read_pauses_by_conflict() -> None:
    toy = Toy()
    run = Run(toy, await _two(toy, max_attempts=5))

    def conflict(what: str) -> None:
        if REGION in what:
            raise Conflict("Deployment vision-stable is not the one that was read")

    toy.hook = conflict
    run.start()
    view = await run.until(RunState.PAUSED_BY_CONFLICT)
    assert view.step(_first(run)).attempt == 1, "a conflict is never simply tried again"
    toy.hook = lambda _: None
    toy.replicas[REGION] = 3
    run.decide(Verb.RETRY)
    assert run.task is not None
    assert (await run.task)[0] is RunState.COMPLETED
    assert run.view().step(_first(run)).before == 3, "nothing was written, so it is read anew"


async def test_while_frozen_nothing_begins_and_the_run_says_why() -> None:
    toy = Toy()
    run = Run(toy, await _two(toy))
    run.leave.refusal = Frozen("frozen by ops: wrong cluster")
    run.start()
    view = await run.until(RunState.PAUSED_BY_OPERATOR)
    assert "wrong cluster" in view.reason
    assert not toy.effects
    assert not [r for r in run.journal.records() if r.kind == Kind.INTENT]
    run.decide(Verb.RESUME)
    await run.until(RunState.PAUSED_BY_OPERATOR)
    run.leave.refusal = None
    run.decide(Verb.RESUME)
    assert run.task is not None
    assert (await run.task)[0] is RunState.COMPLETED


async def test_a_freeze_stops_an_undo_where_it_is_and_it_can_go_on() -> None:
    toy = Toy()
    run = Run(toy, await _two(toy, timeout=5.0))
    toy.ready = {REGION: 2}
    run.start()
    await run.until(RunState.PAUSED_BY_FAILED_STEP)
    run.leave.refusal = Frozen("frozen by ops: wait")
    run.decide(Verb.UNDO)
    await run.until(RunState.PAUSED_BY_OPERATOR)
    run.leave.refusal = None
    run.decide(Verb.RESUME)
    assert run.task is not None
    assert (await run.task)[0] is RunState.ROLLED_BACK
    assert toy.replicas == dict.fromkeys(toy.replicas, 2)


async def test_a_lost_lease_ends_the_executor_before_the_act() -> None:
    toy = Toy()
    run = Run(toy, await _two(toy))
    run.leave.overtaken = True
    with pytest.raises(LeaseLost):
        await run.start()
    assert not toy.effects
    run.leave.overtaken = False
    assert (await run.start())[0] is RunState.COMPLETED
    assert sorted(toy.effects) == sorted(set(toy.effects))


async def test_leave_is_asked_before_the_intent_and_again_before_the_act() -> None:
    toy = Toy()
    plan = await _two(toy)
    run = Run(toy, replace(plan, steps=plan.steps[:1]))
    seen: list[str] = []
    run.journal.hook = lambda what: seen.append(what) if what.startswith("before") else None
    toy.hook = lambda what: seen.append("act")
    run.leave.asked = seen
    await run.start()
    step = _first(run)
    first = seen.index(f"check {step}")
    assert seen[first : first + 4] == [
        f"check {step}",
        f"before intent {step}",
        f"publish {step}",
        "act",
    ]


async def test_a_plan_stops_at_its_deadline() -> None:
    toy = Toy(stubborn={REGION})
    facts = await facts_of(toy)
    plan = replace(failover.plan(facts, REGION, "test"), deadline=20.0)
    run = Run(toy, plan)
    state, reason = await run.start()
    assert state is RunState.TIMED_OUT
    assert "deadline passed: 20 s" in reason


async def test_an_answer_is_kept_with_its_step() -> None:
    toy = Toy(stubborn={REGION})
    plan = failover.plan(await facts_of(toy), REGION, "test")
    run = Run(toy, plan)
    run.start()
    await run.until(RunState.PAUSED_BY_FAILED_STEP)
    run.decide(Verb.ANSWER, "go on", "verify")
    run.decide(Verb.STOP)
    assert run.task is not None
    await run.task
    assert run.view().answers == {"verify": "go on"}


async def test_a_pause_is_in_the_journal_at_once_though_it_waits_for_a_steps_end() -> None:
    toy = Toy(stubborn={REGION})
    plan = failover.plan(await facts_of(toy), REGION, "test")
    run = Run(toy, plan)
    run.start()
    while run.view().step("verify").state is not StepState.RUNNING:  # noqa: ASYNC110
        await asyncio.sleep(0)
    run.decide(Verb.PAUSE)
    for _ in range(20):
        await asyncio.sleep(0)
    pauses = [r for r in run.journal.records() if r.kind == Kind.PAUSE]
    assert pauses[0].args == {
        "state": "running",
        "reason": "pausing, asked by tester: after verify",
    }
    await run.until(RunState.PAUSED_BY_FAILED_STEP)
    run.decide(Verb.STOP)
    assert run.task is not None
    await run.task


def test_an_operation_without_later_fields_has_the_digest_of_earlier_releases() -> None:
    plan = Plan("p", "s", "lab", (Step("a", Operation("wait_steady")),))
    assert "max_attempts" not in plan.to_json()["steps"][0]
    assert "deadline" not in plan.to_json()
    assert from_json(plan.to_json()) == plan


async def test_a_doubted_step_that_is_skipped_never_begins() -> None:
    toy = Toy()
    run = Run(toy, await _two(toy, on_failure="pause"))
    died = [False]

    def die(what: str) -> None:
        if what == f"after intent {_first(run)}" and not died[0]:
            died[0] = True
            raise Crash

    run.journal.hook = die
    with pytest.raises(Crash):
        await run.start()
    run.journal.dead = False
    run.decide(Verb.PAUSE)
    run.start()
    await run.until(RunState.PAUSED_BY_OPERATOR)
    run.decide(Verb.SKIP, "not needed", _first(run))
    assert run.task is not None
    state, _ = await run.task
    assert state is RunState.COMPLETED_WITH_EXCEPTIONS
    assert toy.replicas[REGION] == 2
