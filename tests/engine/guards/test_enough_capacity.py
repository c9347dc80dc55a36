"""B22: capacity before traffic: 80 of 100 pause a run at 100 %, and are enough at 75 %."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from toy_facts import facts_at
from toy_run import begin, carry
from toy_world import Toy

from infctl.engine import guards
from infctl.engine.decisions import Decision, Decisions, Verb
from infctl.model.journal import Kind
from infctl.model.outcome import Word
from infctl.model.plan import Plan
from infctl.model.run import RunState, StepState, fold
from infctl.runbooks import failover

REGION, OTHER = "eu-west-1", "us-east-1"


def _toy() -> Toy:
    toy = Toy()
    toy.ready = {OTHER: 80}
    return toy


def _plan(ready: float) -> Plan:
    facts = facts_at(1.0)
    step = failover.scale_step(facts, OTHER, 100, ready)
    (switch, _) = failover.steps(facts, REGION, "test")
    steps = (step, replace(switch, after=(step.id,)))
    return Plan("failover", "test", "toy", steps)


async def test_enough_of_them_and_traffic_moves() -> None:
    toy, plan = _toy(), _plan(75.0)
    state, reason = await carry(toy, plan, begin(toy, plan))
    assert state is RunState.COMPLETED, reason
    assert any("off/eu-west-1" in effect for effect in toy.effects)


@pytest.mark.parametrize("ready", [100.0, 81.0])
async def test_too_few_pause_the_run_before_traffic_moves(ready: float) -> None:
    toy, plan = _toy(), _plan(ready)
    journal = begin(toy, plan)
    decisions = Decisions()

    def look(what: str) -> None:
        if fold(journal.records()).state is RunState.PAUSED_BY_FAILED_STEP and what.startswith(
            f"after {Kind.PAUSE}"
        ):
            assert not any("off/" in effect for effect in toy.effects)
            decisions.put(Decision(Verb.UNGRACEFUL, by="tester", reason="80 are enough"))

    journal.hook = look
    state, _ = await carry(toy, plan, journal, decisions=decisions)
    assert state is RunState.COMPLETED_WITH_EXCEPTIONS
    view = fold(journal.records())
    assert view.step(f"scale-{OTHER}").state is StepState.SKIPPED
    assert view.step("switch-off").state is StepState.DONE


def test_what_may_be_missing_carries_no_traffic() -> None:
    """Five pods for 500 requests/s each are enough, three of them are not."""
    facts = facts_at(500.0)
    assert guards.capacity(failover.plan(facts, REGION, ""), facts).word is Word.PASSED
    bold = failover.plan(facts, REGION, "", ready=50.0)
    assert guards.capacity(bold, facts).word is Word.FAILED
