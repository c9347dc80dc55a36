"""Colleagues do take simulated runs over, whatever became of the machine that had them."""

import pytest

from infctl.model.run import RunState
from infctl.simulator.faults import Fault
from infctl.simulator.scenario import Scenario
from infctl.simulator.simulation import Simulation, simulate
from infctl.simulator.soaking import endless

GONE, FROZEN, CUT_OFF, ALIVE = range(4)


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL")


def _taken_over(fate: int) -> Simulation:
    # A step that comes true after two minutes, so that the run is in the middle.
    slow = Fault("slow_rollout", 1, "us-east-1", 120.0)
    called = Fault("colleague", 14, seconds=300.0, phase=fate)
    plan = endless(3, 0.0).plan
    return simulate(Scenario(3, plan, faults=(slow, called)))


@pytest.mark.parametrize("fate", [GONE, FROZEN, CUT_OFF])
def test_a_colleague_carries_a_run_on_to_its_end(fate: int) -> None:
    found = _taken_over(fate)
    former, colleague = found.jobs
    assert found.trace.violations == []
    assert colleague.view.over
    assert max(colleague.fences) > min(former.fences)
    assert not former.view.over


def test_a_colleague_who_asks_for_a_run_that_lives_finds_it_ended_well() -> None:
    found = _taken_over(ALIVE)
    former, colleague = found.jobs
    assert found.trace.violations == []
    assert RunState.COMPLETED in (former.view.state, colleague.view.state)


def test_a_machine_that_comes_back_is_told_that_its_run_was_carried_on() -> None:
    found = _taken_over(FROZEN)
    assert "carried on elsewhere" in found.people[0].last
    copying = found.jobs[0].copying
    assert copying is not None
    assert copying.left
