"""The engine over seeds: no rule is broken, and the same seed gives the same run."""

import os
import random

import pytest

from infctl.errors import UsageError
from infctl.simulator.faults import FAULTS
from infctl.simulator.runner import run_many
from infctl.simulator.scenario import draw
from infctl.simulator.shrinking import shrink
from infctl.simulator.simulation import Simulation, simulate

RUNS = int(os.environ.get("INFCTL_SIM_RUNS", "200"))
"""2,000 and more by hand and in the night."""


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL")


@pytest.mark.timeout(max(120, RUNS // 2))
def test_no_rule_is_broken_whatever_goes_wrong() -> None:
    result = run_many(0, RUNS)
    assert [(f.seed, f.violation) for f in result.failures] == []
    assert result.runs == RUNS
    assert set(result.injected) == set(FAULTS)
    assert {"completed", "rolled_back", "failed", "cancelled", "in_doubt"} <= set(result.reached)


def test_without_faults_runs_end_well_or_as_people_decide() -> None:
    result = run_many(5000, 60, ())
    assert not result.failures
    assert not result.injected


@pytest.mark.parametrize("seed", [3, 8, 55, 101, 109])
def test_the_same_seed_gives_the_same_run(seed: int) -> None:
    assert _story(simulate(draw(seed))) == _story(simulate(draw(seed)))


def _story(simulation: Simulation) -> list[tuple[object, ...]]:
    records = [r for job in simulation.jobs for r in job.records]
    return [(r.kind, r.step, r.attempt, r.at, r.fence) for r in records]


def test_a_scenario_is_drawn_from_its_seed_alone() -> None:
    random.seed(1)
    first = draw(77)
    random.seed(2)
    assert draw(77) == first
    assert draw(78) != first


def test_what_fails_is_made_as_small_as_it_goes() -> None:
    import sys
    from pathlib import Path

    sys.path.insert(0, str(Path(__file__).parent / "bad_engines"))
    import swallowed_journal_error as bad

    for seed in range(200):
        scenario = draw(seed, bad.FAULTS)
        broken = [v.rule for v in simulate(scenario, bad.ENGINE).trace.violations]
        if "intent_comes_first" in broken and len(scenario.plan.steps) > 1:
            smallest = shrink(scenario, "intent_comes_first", bad.ENGINE)
            assert len(smallest.plan.steps) == 1
            assert len(smallest.faults) == 1
            assert not smallest.interruptions
            return
    pytest.fail("nothing failed")


def test_usage_errors_are_told_apart() -> None:
    from infctl.commands.sim import _kinds, _seconds

    with pytest.raises(UsageError):
        _kinds("kill,typo", tuple(FAULTS))
    with pytest.raises(UsageError):
        _seconds("soon")
    assert _kinds("none", tuple(FAULTS)) == ()
