"""What a run does by its plan's words, by people's, and while everything is frozen."""

import pytest
from decided_run import OTHER, REGION, Run, first_step, two_steps
from toy_run import facts_of
from toy_world import Toy

from infctl.engine.decisions import Verb
from infctl.errors import Refused
from infctl.model.run import RunState, StepState
from infctl.runbooks import failover


async def test_a_step_that_may_fail_is_tried_again_after_growing_pauses() -> None:
    toy = Toy()
    run = Run(toy, await two_steps(toy, max_attempts=3))
    refusals = [0]

    def refuse_twice(what: str) -> None:
        if REGION in what and refusals[0] < 2:
            refusals[0] += 1
            raise Refused("a webhook says no")

    toy.hook = refuse_twice
    begun = toy.clock.now
    state, _ = await run.start()
    assert state is RunState.COMPLETED
    assert run.view().step(first_step(run)).attempt == 3
    assert toy.clock.now - begun >= 1 + 2


async def test_attempts_are_bounded_also_over_a_crash() -> None:
    toy = Toy()
    run = Run(toy, await two_steps(toy, max_attempts=2))

    def refuse(what: str) -> None:
        if REGION in what:
            raise Refused("a webhook says no")

    toy.hook = refuse
    await run.start_and_die(f"after failed {first_step(run)}")
    run.start()
    await run.until(RunState.PAUSED_BY_FAILED_STEP)
    assert run.view().step(first_step(run)).attempt == 2
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
    run = Run(toy, await two_steps(toy, on_failure=word))

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
    plan = await two_steps(toy, timeout=5.0)
    run = Run(toy, plan)
    toy.ready = {REGION: 2, OTHER: 2}
    run.start()
    await run.until(RunState.PAUSED_BY_FAILED_STEP)
    assert toy.replicas[REGION] == 4
    run.decide(Verb.UNGRACEFUL, "enough of them", first_step(run))
    await run.until(RunState.PAUSED_BY_FAILED_STEP)
    run.decide(Verb.UNDO)
    assert run.task is not None
    assert (await run.task)[0] is RunState.ROLLED_BACK
    assert toy.replicas == dict.fromkeys(toy.replicas, 2)


async def test_what_was_before_the_first_attempt_is_what_undo_restores() -> None:
    toy = Toy()
    run = Run(toy, await two_steps(toy, timeout=5.0))
    toy.ready = {REGION: 2}
    run.start()
    await run.until(RunState.PAUSED_BY_FAILED_STEP)
    run.decide(Verb.RETRY)
    await run.until(RunState.PAUSED_BY_FAILED_STEP)
    seen = run.view().step(first_step(run))
    assert (seen.attempt, seen.before["replicas"]) == (2, 2)
    toy.ready = {}
    run.decide(Verb.UNDO)
    assert run.task is not None
    state, reason = await run.task
    assert state is RunState.ROLLED_BACK, reason
    assert toy.replicas == dict.fromkeys(toy.replicas, 2)


async def test_a_decision_can_mean_one_step_alone() -> None:
    toy = Toy()
    run = Run(toy, await two_steps(toy))

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
