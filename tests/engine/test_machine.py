"""What the machine does with failures, decisions and steps that must always run."""

import asyncio

import pytest
from toy_run import MemoryJournal, begin, carry, facts_of
from toy_world import DETECTION, Toy

from infctl.drills import failover as drill
from infctl.engine.decisions import Decision, Decisions, Verb
from infctl.errors import Refused
from infctl.model.plan import Plan
from infctl.model.run import RunState, RunView, StepState, fold
from infctl.runbooks import failover, restore

REGION = "eu-west-1"


async def _failover_plan(toy: Toy) -> Plan:
    return failover.plan(await facts_of(toy), REGION, "test")


def _states(journal: MemoryJournal) -> dict[str, StepState]:
    return {s.id: s.state for s in fold(journal.records()).steps}


async def test_failover_takes_the_region_out_and_restore_puts_it_back() -> None:
    toy = Toy()
    before = toy.state()
    plan = await _failover_plan(toy)
    state, _ = await carry(toy, plan, begin(toy, plan))
    assert state is RunState.COMPLETED
    assert toy.is_out(REGION)
    plan = restore.plan(await facts_of(toy), REGION, "test")
    state, _ = await carry(toy, plan, begin(toy, plan))
    assert state is RunState.COMPLETED
    assert not toy.is_out(REGION)
    assert toy.state() == before


async def test_a_silent_keeper_does_not_stop_a_failover() -> None:
    toy = Toy(silent={"us-east-1"})
    plan = await _failover_plan(toy)
    journal = begin(toy, plan)
    state, _ = await carry(toy, plan, journal)
    assert state is RunState.COMPLETED
    assert "us-east-1 does not answer" in " ".join(
        fold(journal.records()).step("switch-off").evidence
    )


async def test_a_step_that_is_not_observed_pauses_the_run_and_can_be_undone() -> None:
    toy = Toy(stubborn={REGION})
    before = toy.state()
    plan = await _failover_plan(toy)
    journal = begin(toy, plan)
    decisions = Decisions()
    running = asyncio.create_task(carry(toy, plan, journal, decisions=decisions))
    view = await _until(journal, RunState.PAUSED_BY_FAILED_STEP, running)
    assert "still in the answers" in view.reason
    decisions.put(Decision(Verb.RESUME))
    decisions.put(Decision(Verb.UNDO, by="tester"))
    state, reason = await running
    assert state is RunState.ROLLED_BACK
    assert "still in the answers" in reason
    assert toy.state() == before
    assert _states(journal)["switch-off"] is StepState.UNDONE


async def test_a_failed_step_can_be_retried() -> None:
    toy = Toy(stubborn={REGION})
    plan = await _failover_plan(toy)
    journal = begin(toy, plan)
    decisions = Decisions()
    running = asyncio.create_task(carry(toy, plan, journal, decisions=decisions))
    await _until(journal, RunState.PAUSED_BY_FAILED_STEP, running)
    toy.stubborn.clear()
    decisions.put(Decision(Verb.RETRY, by="tester"))
    state, _ = await running
    assert state is RunState.COMPLETED
    assert fold(journal.records()).step("verify").attempt == 2


async def test_a_skipped_step_is_an_exception_in_the_end() -> None:
    toy = Toy(stubborn={REGION})
    plan = await _failover_plan(toy)
    journal = begin(toy, plan)
    decisions = Decisions()
    running = asyncio.create_task(carry(toy, plan, journal, decisions=decisions))
    await _until(journal, RunState.PAUSED_BY_FAILED_STEP, running)
    decisions.put(Decision(Verb.SKIP, by="tester", reason="seen by hand"))
    state, reason = await running
    assert (state, reason) == (RunState.COMPLETED_WITH_EXCEPTIONS, "skipped: verify")


async def test_undo_leaves_what_somebody_else_changed_and_says_so() -> None:
    toy = Toy(stubborn={REGION})
    facts = await facts_of(toy)
    scale = failover.scale_step(facts, "ap-south-1", 4)
    base = await _failover_plan(toy)
    plan = Plan(base.name, base.summary, base.environment, (scale, *base.steps))
    journal = begin(toy, plan)
    decisions = Decisions()
    running = asyncio.create_task(carry(toy, plan, journal, decisions=decisions))
    await _until(journal, RunState.PAUSED_BY_FAILED_STEP, running)
    toy.replicas["ap-south-1"] = 7
    decisions.put(Decision(Verb.UNDO, by="tester"))
    state, reason = await running
    assert state is RunState.FAILED
    assert "left over: scale-ap-south-1: not as this run left it; 7 replicas are wanted" in reason
    assert toy.replicas["ap-south-1"] == 7
    assert not toy.objects


@pytest.mark.parametrize("mode", ["region-loss", "operated"])
async def test_a_drill_that_does_not_recover_heals_and_stops_everything(mode: drill.Mode) -> None:
    toy = Toy(stubborn={REGION})
    before = toy.state()
    plan = drill.plan(await facts_of(toy), drill.Settings(REGION, mode))
    journal = begin(toy, plan)
    state, reason = await carry(toy, plan, journal, on_failure="undo")
    assert state is RunState.ROLLED_BACK
    assert reason.startswith("recovered: not observed")
    assert toy.state() == before
    assert _states(journal)["stop-load"] is StepState.DONE


@pytest.mark.parametrize("step", ["fault", "recovered", "heal", "region-ready", "stop-load"])
async def test_a_drill_heals_whatever_step_has_a_bug(
    step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy = Toy()
    before = toy.state()
    plan = drill.plan(await facts_of(toy), drill.Settings(REGION))
    kind = plan.step(step).operation.kind
    from infctl.engine import operations

    handler = operations.find(kind, 1)

    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    tries: list[object] = []

    async def broken_once(*_: object) -> None:
        tries.append(_)
        raise ZeroDivisionError

    original = type(handler).apply
    monkeypatch.setattr(type(handler), "apply", broken_once)
    journal = begin(toy, plan)
    journal.hook = lambda what: (
        monkeypatch.setattr(type(handler), "apply", original) if tries else None
    )
    state, _ = await carry(toy, plan, journal, on_failure="undo")
    assert state in (RunState.ROLLED_BACK, RunState.FAILED)
    assert toy.state() == before


async def test_an_unreachable_reading_of_the_world_is_no_bug() -> None:
    toy = Toy(silent={"us-east-1", "ap-south-1"})
    plan = await _failover_plan(toy)
    journal = begin(toy, plan)
    running = asyncio.create_task(carry(toy, plan, journal, decisions=Decisions()))
    view = await _until(journal, RunState.PAUSED_BY_CONFLICT, running)
    assert "does not answer" in view.reason
    running.cancel()


async def test_pause_and_resume_at_a_steps_edge() -> None:
    toy = Toy()
    plan = await _failover_plan(toy)
    journal = begin(toy, plan)
    decisions = Decisions()
    decisions.put(Decision(Verb.PAUSE, by="tester"))
    running = asyncio.create_task(carry(toy, plan, journal, decisions=decisions))
    await _until(journal, RunState.PAUSED_BY_OPERATOR, running)
    assert _states(journal)["verify"] is StepState.WAITING
    decisions.put(Decision(Verb.RESUME, by="tester"))
    state, _ = await running
    assert state is RunState.COMPLETED


async def test_undo_does_not_wait_for_steps_that_only_wait() -> None:
    toy = Toy(stubborn={REGION})
    plan = drill.plan(await facts_of(toy), drill.Settings(REGION))
    journal = begin(toy, plan)
    decisions = Decisions()

    def interrupt(what: str) -> None:
        if what == "after intent recovered":
            decisions.put(Decision(Verb.UNDO, by="tester"))

    journal.hook = interrupt
    begun = toy.clock.now
    state, reason = await carry(toy, plan, journal, decisions=decisions, on_failure="undo")
    assert state is RunState.ROLLED_BACK
    assert reason == "taken back: asked by tester"
    assert toy.clock.now - begun < 10 * DETECTION
    assert not toy.faults


async def test_an_unknown_version_of_an_operation_is_refused() -> None:
    from infctl.engine.operations import find

    with pytest.raises(Refused, match="version 2"):
        find("switch_region_off", 2)


async def _until(
    journal: MemoryJournal, state: RunState, running: "asyncio.Task[object]"
) -> RunView:
    for _ in range(100_000):
        view = fold(journal.records())
        if view.state is state:
            return view
        if running.done():
            raise AssertionError(f"ended: {running.result()}")
        await asyncio.sleep(0)
    raise AssertionError(f"never {state}: {fold(journal.records())}")


@pytest.mark.parametrize("mode", ["operated", "region-loss"])
async def test_a_drill_without_its_steady_state_touches_nothing_not_even_to_give_it_back(
    mode: drill.Mode,
) -> None:
    toy = Toy()
    for keeper in ("us-east-1", "ap-south-1"):
        toy.objects[(keeper, f"vision-switches-{keeper}", f"off/{REGION}")] = b"somebody's"
    before = toy.state()
    plan = drill.plan(await facts_of(toy), drill.Settings(REGION, mode))
    journal = begin(toy, plan)
    state, reason = await carry(toy, plan, journal, on_failure="undo")
    assert state is RunState.ROLLED_BACK
    assert f"no answer from {REGION}" in reason
    assert toy.state() == before
    assert set(toy.effects) == {"start load", "stop load"}


async def test_a_drill_that_turns_back_gives_traffic_back_once_and_never_takes_it_again() -> None:
    toy = Toy(stubborn={REGION})
    before = toy.state()
    plan = drill.plan(await facts_of(toy), drill.Settings(REGION, "operated"))
    state, _ = await carry(toy, plan, begin(toy, plan), on_failure="undo")
    assert state is RunState.ROLLED_BACK
    assert toy.state() == before
    flips = [e for e in toy.effects if f"off/{REGION}" in e]
    assert len(flips) == 4, flips  # two keepers, once off and once on
