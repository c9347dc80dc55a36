"""Twelve steps in a row over the toy world, and what a choice at one of them should lead to."""

from dataclasses import dataclass, replace

from toy_run import facts_of
from toy_world import REGIONS, Toy

from infctl.model.plan import Plan
from infctl.model.run import RunState
from infctl.runbooks import failover

STEPS = 12
BEFORE = 2
"""Replicas in every region of a new toy."""


async def twelve_steps() -> Plan:
    """Three regions in turn, each from two replicas to three, four, five and six."""
    facts = await facts_of(Toy())
    steps = []
    for number in range(STEPS):
        step = failover.scale_step(facts, REGIONS[number % 3], 3 + number // 3)
        after = (f"s{number:02}",) if number else ()
        steps.append(replace(step, id=f"s{number + 1:02}", after=after, timeout=5.0))
    base = failover.plan(facts, REGIONS[0], "test")
    return Plan(base.name, base.summary, base.environment, tuple(steps), base.blast_radius)


@dataclass(frozen=True)
class End:
    """How a run ends: its state, its exit code, each region's replicas and the states of steps."""

    state: RunState
    code: int
    replicas: dict[str, int]
    steps: str


def expected(failing: int, choice: str) -> End:
    """The model: the words of design.md, section 4, points 6 and 7, and nothing of the engine.

    The act of step `failing` is refused once; every choice is taken at that pause. In `steps` a
    letter stands for each: d done, s skipped, u undone, f failed, w never begun.
    """
    reached = {"retry": range(STEPS), "undo": range(0)}.get(
        choice, [n for n in range(STEPS) if n != failing]
    )
    replicas = {
        region: max([3 + n // 3 for n in reached if REGIONS[n % 3] == region], default=BEFORE)
        for region in REGIONS
    }
    if choice == "undo":
        done, left = "u" * failing, "w" * (STEPS - failing - 1)
        # Its intent was written, so it is looked at; what is as it was before counts as taken back.
        return End(RunState.ROLLED_BACK, 1, replicas, f"{done}u{left}")
    if choice == "retry":
        return End(RunState.COMPLETED, 0, replicas, "d" * STEPS)
    letters = "".join("s" if n == failing else "d" for n in range(STEPS))
    return End(RunState.COMPLETED_WITH_EXCEPTIONS, 3, replicas, letters)
