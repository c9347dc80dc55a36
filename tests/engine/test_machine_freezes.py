"""What a run does while others hold it up: conflicts, freezes, lost leases, deadlines."""

import asyncio
from dataclasses import replace

import pytest
from decided_run import REGION, Run, first_step, two_steps
from toy_run import facts_of
from toy_world import Toy

from infctl.engine.decisions import Verb
from infctl.errors import Conflict, Frozen, LeaseLost
from infctl.model.journal import Kind
from infctl.model.plan import Operation, Plan, Step, from_json
from infctl.model.run import RunState, StepState
from infctl.runbooks import failover


async def test_an_object_that_changed_since_it_was_read_pauses_by_conflict() -> None:
    toy = Toy()
    run = Run(toy, await two_steps(toy, max_attempts=5))

    def conflict(what: str) -> None:
        if REGION in what:
            raise Conflict("Deployment vision-stable is not the one that was read")

    toy.hook = conflict
    run.start()
    view = await run.until(RunState.PAUSED_BY_CONFLICT)
    assert view.step(first_step(run)).attempt == 1, "a conflict is never simply tried again"
    toy.hook = lambda _: None
    toy.replicas[REGION] = 3
    run.decide(Verb.RETRY)
    assert run.task is not None
    assert (await run.task)[0] is RunState.COMPLETED
    before = run.view().step(first_step(run)).before
    assert before["replicas"] == 3, "nothing was written, so it is read anew"


async def test_while_frozen_nothing_begins_and_the_run_says_why() -> None:
    toy = Toy()
    run = Run(toy, await two_steps(toy))
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
    run = Run(toy, await two_steps(toy, timeout=5.0))
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
    run = Run(toy, await two_steps(toy))
    run.leave.overtaken = True
    with pytest.raises(LeaseLost):
        await run.start()
    assert not toy.effects
    run.leave.overtaken = False
    assert (await run.start())[0] is RunState.COMPLETED
    assert sorted(toy.effects) == sorted(set(toy.effects))


async def test_leave_is_asked_before_the_intent_and_again_before_the_act() -> None:
    toy = Toy()
    plan = await two_steps(toy)
    run = Run(toy, replace(plan, steps=plan.steps[:1]))
    seen: list[str] = []
    run.journal.hook = lambda what: seen.append(what) if what.startswith("before") else None
    toy.hook = lambda what: seen.append("act")
    run.leave.asked = seen
    await run.start()
    step = first_step(run)
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
    run = Run(toy, await two_steps(toy, on_failure="pause"))
    await run.start_and_die(f"after intent {first_step(run)}")
    run.decide(Verb.PAUSE)
    run.start()
    await run.until(RunState.PAUSED_BY_OPERATOR)
    run.decide(Verb.SKIP, "not needed", first_step(run))
    assert run.task is not None
    state, _ = await run.task
    assert state is RunState.COMPLETED_WITH_EXCEPTIONS
    assert toy.replicas[REGION] == 2
