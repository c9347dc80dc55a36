"""B8: what a plan did is taken back to the last field, or named exactly. 0 silent differences.

300 random plans here, each twice; INFCTL_PLANS=10000 or INFCTL_WHOLE=1 is the whole.
"""

import os
import random

import pytest
from doing_and_undoing import Undone, do_and_undo
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infctl.model.plan import Plan
from infctl.model.run import RunState, StepState
from infctl.simulator.effects import places
from infctl.simulator.environment import differences
from infctl.simulator.plans import random_plan

IS_WHOLE = os.environ.get("INFCTL_WHOLE") == "1"
PLANS = int(os.environ.get("INFCTL_PLANS", "10000" if IS_WHOLE else "300"))
WRITTEN_OVER = ("scale_deployment", "push_config")
"""What others write over: objects that hold one value, which is ours or theirs."""

whole = settings(
    max_examples=PLANS,
    deadline=None,
    derandomize=PLANS <= 300,
    database=None,
    suppress_health_check=list(HealthCheck),
)
drawn = st.integers(0, 2**63)
pytestmark = pytest.mark.timeout(max(120, PLANS // 4))


def _plan(seed: int) -> Plan:
    # Not for secrets: the same seed must give the same plan.
    return random_plan(random.Random(seed))


@given(drawn)
@whole
def test_b8_undo_of_a_random_plan_leaves_the_world_as_it_was(seed: int) -> None:
    found = do_and_undo(_plan(seed))
    assert (found.state, differences(found.before, found.after)) == (
        RunState.ROLLED_BACK,
        frozenset(),
    ), found.reason


@given(drawn)
@whole
def test_b8_what_others_changed_meanwhile_stays_and_the_residue_names_it_exactly(
    seed: int,
) -> None:
    plan, chance = _plan(seed), random.Random(~seed)
    written = sorted(
        {p for s in plan.steps if s.operation.kind in WRITTEN_OVER for p in places(s.operation)}
    )
    others = frozenset(chance.sample(written, chance.randint(0, len(written))))
    found = do_and_undo(plan, others)
    theirs = differences(found.done, found.changed)
    ours = {
        seen.id
        for seen in found.forward.steps
        if seen.undo is not None
        and seen.state is not StepState.UNDONE  # by its plan, before the others came
        and theirs & places(plan.step(seen.id).operation)
    }
    assert _residue(found) == ours
    assert found.state is (RunState.FAILED if ours else RunState.ROLLED_BACK)
    assert differences(found.before, found.after) == theirs
    for place in theirs:
        assert not differences({place: found.changed[place]}, {place: found.after[place]})


def _residue(found: Undone) -> set[str]:
    told = found.reason.partition("left over: ")[2]
    return {seen.id for seen in found.view.steps if f"{seen.id}: " in told}


def test_random_plans_do_change_the_world_and_are_not_all_undone_at_once() -> None:
    changed = [do_and_undo(_plan(seed)) for seed in range(40)]
    assert sum(bool(differences(u.before, u.done)) for u in changed) > 25
    assert {s.undo["kind"] for u in changed for s in u.forward.steps if s.undo} >= {
        "scale_deployment",
        "switch_region_on",
        "push_config",
        "set_flag",
    }
