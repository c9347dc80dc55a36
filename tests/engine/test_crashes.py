"""The process dies at every write and every act; the next one ends the run all the same."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from toy_run import MemoryJournal, begin, carry, facts_of
from toy_world import Crash, Toy

from infctl.drills import failover as drill
from infctl.engine.machine import OnFailure
from infctl.model.plan import Plan
from infctl.model.run import RunState
from infctl.runbooks import failover

REGION = "eu-west-1"


class Bomb:
    """Raises Crash at the n-th moment, once."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.count = 0
        self.where = ""

    def __call__(self, what: str) -> None:
        self.count += 1
        if self.count == self.at:
            self.where = what
            raise Crash


async def _failover(toy: Toy) -> Plan:
    # Two thousand requests per second would need more pods than there are: scaling is in the plan.
    toy.replicas["ap-south-1"] = 1
    facts = await facts_of(toy)
    steps = (failover.scale_step(facts, "ap-south-1", 3), *failover.steps(facts, REGION, "test"))
    plan = failover.plan(facts, REGION, "test")
    return Plan(plan.name, plan.summary, plan.environment, steps, plan.blast_radius)


async def _region_loss(toy: Toy) -> Plan:
    return drill.plan(await facts_of(toy), drill.Settings(REGION))


async def _operated(toy: Toy) -> Plan:
    return drill.plan(await facts_of(toy), drill.Settings(REGION, "operated"))


Make = Callable[[Toy], Awaitable[Plan]]
CASES: list[tuple[Make, OnFailure]] = [
    (_failover, "pause"),
    (_region_loss, "undo"),
    (_operated, "undo"),
]


@pytest.mark.parametrize(("make", "on_failure"), CASES)
async def test_no_effect_is_lost_or_doubled_wherever_the_process_dies(
    make: Make, on_failure: OnFailure
) -> None:
    untouched = Toy()
    plan = await make(untouched)
    journal = begin(untouched, plan)
    bomb = Bomb(-1)
    untouched.hook = journal.hook = bomb
    state, reason = await carry(untouched, plan, journal, on_failure=on_failure)
    assert (state, reason) == (RunState.COMPLETED, "")
    assert bomb.count > 20

    for moment in range(1, bomb.count + 1):
        toy, journal, where = await _crash_and_resume(make, on_failure, moment)
        assert toy.state() == untouched.state(), where
        assert sorted(toy.effects) == sorted(untouched.effects), where


async def _crash_and_resume(
    make: Make, on_failure: OnFailure, moment: int
) -> tuple[Toy, MemoryJournal, str]:
    toy = Toy()
    plan = await make(toy)
    journal = begin(toy, plan)
    bomb = Bomb(moment)
    toy.hook = journal.hook = bomb
    with pytest.raises(Crash):
        await carry(toy, plan, journal, on_failure=on_failure)
    journal.dead = False
    state, reason = await carry(toy, plan, journal, on_failure=on_failure, folder=Path("/nowhere"))
    assert (state, reason) == (RunState.COMPLETED, ""), bomb.where
    return toy, journal, bomb.where
