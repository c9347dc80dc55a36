"""Worlds of every size are drawn, and their locks keep the rules of their number."""

import random
from collections import Counter

import pytest

from infctl.simulator.environment import WITNESS, build, lock_names, platform
from infctl.simulator.faults import Fault
from infctl.simulator.plans import random_plan
from infctl.simulator.runner import run_many
from infctl.simulator.scenario import WORLDS, Scenario, draw
from infctl.simulator.simulation import simulate

LOST = 60.0


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL")


def test_worlds_of_every_size_are_drawn_and_counted() -> None:
    drawn = Counter(draw(seed).regions for seed in range(80))
    assert set(drawn) == set(WORLDS)
    result = run_many(0, 20)
    assert sum(result.worlds.values()) == result.runs
    assert set(result.worlds) <= {"1_region", "2_regions", "3_regions", "5_regions"}


@pytest.mark.parametrize(("regions", "places"), [(1, 1), (2, 3), (3, 3), (5, 5)])
def test_the_lock_has_a_place_in_each_region_and_with_two_the_witness(
    regions: int, places: int
) -> None:
    assert len(lock_names(regions)) == places
    assert (WITNESS in lock_names(regions)) is (regions == 2)
    assert tuple(build(regions).clusters) == platform(regions).region_names


@pytest.mark.parametrize("seed", [5, 6])
@pytest.mark.parametrize(("regions", "is_had"), [(1, False), (2, True), (3, True), (5, True)])
def test_with_a_region_lost_the_lock_is_had_only_where_a_majority_is_left(
    seed: int, regions: int, is_had: bool
) -> None:
    # Of seeds that five divides the lock is in Leases, of others in places of their own.
    cut = Fault("partition", 1, platform(regions).region_names[0], LOST)
    plan = random_plan(random.Random(seed), regions)
    found = simulate(Scenario(seed, plan, faults=(cut,), regions=regions))
    assert found.trace.violations == []
    first, _, _ = found.trace.grants[0]
    assert (first < LOST) is is_had
