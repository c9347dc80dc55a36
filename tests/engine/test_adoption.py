"""A run that another release began is carried on only where nothing differs (B10)."""

from dataclasses import replace

import pytest
from toy_run import begin, carry, facts_of
from toy_world import Toy

from infctl.engine.adoption import differences
from infctl.model.journal import Record
from infctl.model.plan import Operation, Plan
from infctl.runbooks import failover


async def _ran() -> tuple[Plan, list[Record]]:
    toy = Toy()
    plan = failover.plan(await facts_of(toy), "eu-west-1", "test")
    journal = begin(toy, plan)
    await carry(toy, plan, journal)
    return plan, journal.written


async def test_nothing_differs_from_the_run_that_was_begun() -> None:
    plan, records = await _ran()
    assert differences(plan, records) == ()


def _changed(plan: Plan, operation: Operation) -> Plan:
    first, *rest = plan.steps
    return replace(plan, steps=(replace(first, operation=operation), *rest))


async def test_each_difference_is_named() -> None:
    plan, records = await _ran()
    first = plan.steps[0]
    newer = _changed(plan, replace(first.operation, version=2))
    said = differences(newer, records)
    kind = first.operation.kind
    assert any(line.startswith("plan: digest") for line in said)
    assert f"step {first.id}: {kind} 1 in the journal, {kind} 2 here" in said
    assert f"step {first.id}: begun as {kind} 1, the plan says {kind} 2" in said
    # Here no operation of that version is known either.
    assert any(line.startswith(f"step {first.id}:") and "2" in line for line in said)


async def test_another_engine_is_named() -> None:
    plan, records = await _ran()
    said = differences(replace(plan, engine=2), records)
    assert "engine: the plan is for 2, this infctl has 1" in said


async def test_a_step_that_the_plan_lost_is_named() -> None:
    plan, records = await _ran()
    last = plan.steps[-1]
    shorter = replace(plan, steps=plan.steps[:-1])
    said = differences(shorter, records)
    assert f"step {last.id}: begun in the journal, not in the plan" in said
    assert f"step {last.id}: {last.operation.kind} 1 in the journal, absent here" in said


@pytest.mark.parametrize("args", [None, [], {}, {"steps": 1}, {"steps": [{}]}, "plan"])
async def test_a_plan_that_cannot_be_read_is_a_difference(args: object) -> None:
    plan, records = await _ran()
    said = differences(plan, [replace(records[0], args=args)])
    assert len(said) == 1
    assert said[0].startswith("plan: the journal's cannot be read")


async def test_a_record_of_another_version_is_a_difference() -> None:
    plan, records = await _ran()
    said = differences(plan, [replace(records[0], v=2)])
    assert said == ("record 1: version 2, this infctl writes 1",)
