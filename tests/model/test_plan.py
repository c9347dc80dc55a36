"""Plans are data: what is written is read back with the same digest."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infctl.model.outcome import Word
from infctl.model.plan import BlastRadius, Operation, Plan, Step, from_json

NAMES = st.text("abcdefghij-", min_size=1, max_size=12)
ARGUMENTS = st.dictionaries(NAMES, st.one_of(st.integers(), st.text(), st.booleans()), max_size=3)
STEPS = st.builds(
    Step,
    id=NAMES,
    operation=st.builds(Operation, kind=NAMES, args=ARGUMENTS, region=st.none() | NAMES),
    after=st.lists(NAMES, max_size=2).map(tuple),
)


@given(st.lists(STEPS, max_size=5))
def test_a_plan_survives_the_disk(steps: list[Step]) -> None:
    plan = Plan(
        "failover", "move", "lab", tuple(steps), BlastRadius(("eu",)), {"n": 1}, {"eu": 0.0}
    )
    again = from_json(json.loads(json.dumps(plan.to_json())))
    assert again.digest == plan.digest
    assert again.to_json() == plan.to_json()


def test_any_change_changes_the_digest() -> None:
    step = Step("a", Operation("switch_region_off", {"region": "eu"}))
    plan = Plan("failover", "move", "lab", (step,))
    other = Plan("failover", "move", "prod", (step,))
    assert plan.digest != other.digest


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    SCALARS | st.sampled_from(Word),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.lists(inside, max_size=3).map(tuple)
        | st.dictionaries(st.text(), inside, max_size=3)
        | st.dictionaries(st.integers(), inside, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_a_plan_is_written_as_json_itself_would_write_it(args: dict[str, object]) -> None:
    plan = Plan("failover", "move", "lab", (Step("a", Operation("touch", args)),))
    written = plan.to_json()["steps"][0]["operation"]["args"]
    assert written == json.loads(json.dumps(args))
    assert written is not args


def test_what_lies_very_deep_is_written_as_well() -> None:
    inside: list[object] = []
    for _ in range(600):
        inside = [inside]
    plan = Plan("failover", "move", "lab", (Step("a", Operation("touch", {"deep": inside})),))
    assert from_json(plan.to_json()).digest == plan.digest


def test_what_is_no_json_is_refused() -> None:
    plan = Plan("failover", "move", "lab", (Step("a", Operation("touch", {"set": {1}})),))
    with pytest.raises(TypeError, match="a plan holds JSON, not set"):
        plan.to_json()
