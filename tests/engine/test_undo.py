"""B8: whatever was done, undoing it leaves the world as it was. Random plans over the toy world.

150 plans here; INFCTL_PLANS=10000 or INFCTL_WHOLE=1 is the whole.
"""

import asyncio
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from toy_run import MemoryJournal, begin, platform
from toy_world import REGIONS, Toy

from infctl.content import parts
from infctl.engine.decisions import Decision, Decisions, Verb
from infctl.engine.handler import Context
from infctl.engine.machine import Machine
from infctl.model.journal import Kind
from infctl.model.plan import Operation, Plan, Step
from infctl.model.run import RunState, fold

FILE = platform()
IS_WHOLE = os.environ.get("INFCTL_WHOLE") == "1"
PLANS = int(os.environ.get("INFCTL_PLANS", "10000" if IS_WHOLE else "150"))


def _switch(kind: str, region: str) -> Operation:
    return parts.switch(FILE, region, "test", kind=kind)


def _scale(region: str, replicas: int) -> Operation:
    args = {"region": region, "namespace": "v", "name": "v-stable", "replicas": replicas}
    return Operation("scale_deployment", args, region=region)


def _fault(region: str) -> Operation:
    args = {"fault": f"f-{region}", "fault_kind": "kill", "target": f"region/{region}", "ttl": 20.0}
    return Operation("inject_fault", args, region=region)


regions = st.sampled_from(REGIONS)
operations = st.one_of(
    st.builds(_scale, regions, st.integers(0, 9)),
    st.builds(_switch, st.sampled_from(["switch_region_off", "switch_region_on"]), regions),
)


@pytest.mark.timeout(max(60, PLANS // 4))
@settings(
    max_examples=PLANS,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.lists(operations, min_size=1, max_size=8), st.sets(regions), st.booleans())
def test_b8_undo_after_any_plan_leaves_the_world_as_it_was(
    chosen: list[Operation], off: set[str], crash: bool
) -> None:
    toy = Toy()
    for region in off:
        for keeper in FILE.keepers(region):
            toy.objects[(keeper, f"vision-switches-{keeper}", f"off/{region}")] = b"{}"
    before = toy.state()
    state, reason = asyncio.run(_do_and_undo(toy, chosen, crash))
    assert state is RunState.ROLLED_BACK, reason
    assert toy.state() == before


async def _do_and_undo(toy: Toy, chosen: list[Operation], crash: bool) -> tuple[RunState, str]:
    # Each after the one before: two changes of one thing at once have no order to take back.
    steps = tuple(
        Step(f"s{n}", op, after=(f"s{n - 1}",) if n else ()) for n, op in enumerate(chosen)
    )
    # A step that cannot succeed, so that the run turns back.
    args = {"region": "us-east-1", "namespace": "v", "name": "v-stable"}
    never = Step(
        "never",
        Operation("wait_steady", {"log": "none", "seconds": 1.0, **args}),
        after=(steps[-1].id,),
        timeout=1.0,
    )
    plan = Plan("random", "random", "lab", (*steps, never))
    journal = begin(toy, plan)
    decisions = Decisions()
    if crash:
        decisions.put(Decision(Verb.UNDO, by="tester"))
    return await _run(toy, plan, journal, decisions)


async def _run(
    toy: Toy, plan: Plan, journal: MemoryJournal, decisions: Decisions
) -> tuple[RunState, str]:
    from pathlib import Path

    journal.append(Kind.LEASE, args={})
    context = Context(
        toy.world(), Path("/nowhere"), "toy", "tester", lambda: fold(journal.records())
    )
    return await Machine(plan, journal, context, decisions, on_failure="undo").run()


@pytest.mark.parametrize("operation", [_fault("us-east-1"), _scale("us-east-1", 5)])
async def test_undoing_twice_is_undoing_once(operation: Operation) -> None:
    toy = Toy()
    before = toy.state()
    plan = Plan("p", "p", "lab", (Step("s", operation),))
    journal = begin(toy, plan)
    decisions = Decisions()
    decisions.put(Decision(Verb.UNDO))
    await _run(toy, plan, journal, decisions)
    await _run(toy, plan, journal, decisions)
    assert toy.state() == before
