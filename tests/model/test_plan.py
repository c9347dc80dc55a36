"""Plans are data: what is written is read back with the same digest."""

import json

from hypothesis import given
from hypothesis import strategies as st

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
