"""Guards as a table: facts in, judgement out; what cannot be evaluated refuses."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from toy_run import facts_of
from toy_world import Toy

from infctl.content.facts import Facts
from infctl.drills import failover as drill
from infctl.engine import guards
from infctl.errors import Refused
from infctl.model.measured import Measured, unknown
from infctl.model.outcome import Outcome, Word
from infctl.model.plan import BlastRadius, Operation, Plan, Step
from infctl.model.snapshot import Replicas
from infctl.runbooks import failover

REGION = "eu-west-1"


def _changed(facts: Facts, region: str, **values: Measured[Any]) -> Facts:
    regions = tuple(
        replace(r, **values) if r.name == region else r  # type: ignore[arg-type]
        for r in facts.snapshot.regions
    )
    return replace(facts, snapshot=replace(facts.snapshot, regions=regions))


def _out(facts: Facts, *regions: str) -> Facts:
    for region in regions:
        facts = _changed(facts, region, dns_healthy=Measured(False, 0.0, "test"))
    return facts


def _unread(facts: Facts, *regions: str) -> Facts:
    for region in regions:
        facts = _changed(
            facts,
            region,
            dns_healthy=unknown("test", 0.0, "no answer"),
            requests_per_second=unknown("test", 0.0, "no answer"),
        )
    return facts


def _dead(facts: Facts, region: str) -> Facts:
    """Out of the answers since its health checks fail; nothing of it can be read."""
    nothing: Measured[Any] = unknown("test", 0.0, "no answer")
    gone = _changed(facts, region, requests_per_second=nothing, replicas=nothing)
    return _out(gone, region)


def _busy(facts: Facts, rate: float) -> Facts:
    for region in facts.platform.region_names:
        facts = _changed(facts, region, requests_per_second=Measured(rate, 0.0, "test"))
    return facts


def _empty(facts: Facts, region: str) -> Facts:
    return _changed(facts, region, replicas=Measured(Replicas(0, 2), 0.0, "test"))


def _running(facts: Facts) -> Facts:
    return replace(facts, unfinished={"01r": "run 01r is paused"})


CASES: list[tuple[str, Callable[[Facts], Facts], str, Word]] = [
    ("all is well", lambda f: f, "regions_on", Word.PASSED),
    ("all is well", lambda f: f, "capacity", Word.PASSED),
    ("all is well", lambda f: f, "undo_exists", Word.PASSED),
    ("all is well", lambda f: f, "no_control_plane", Word.PASSED),
    ("all is well", lambda f: f, "conflicting_run", Word.PASSED),
    ("all is well", lambda f: f, "blast_radius", Word.PASSED),
    ("one other is on", lambda f: _out(f, "us-east-1"), "regions_on", Word.PASSED),
    (
        "it would be the last",
        lambda f: _out(f, "us-east-1", "ap-south-1"),
        "regions_on",
        Word.FAILED,
    ),
    ("blind", lambda f: _unread(f, "us-east-1", "ap-south-1"), "regions_on", Word.ERRORED),
    ("the lost one is blind", lambda f: _unread(f, REGION), "capacity", Word.PASSED),
    ("a survivor is blind", lambda f: _unread(f, "us-east-1"), "capacity", Word.ERRORED),
    ("another is dead already", lambda f: _dead(f, "us-east-1"), "capacity", Word.PASSED),
    (
        "the dead one takes over nothing",
        lambda f: _dead(_busy(f, 190.0), "us-east-1"),
        "capacity",
        Word.FAILED,
    ),
    ("too busy", lambda f: _busy(f, 2000.0), "capacity", Word.FAILED),
    ("a survivor has no pod", lambda f: _empty(f, "us-east-1"), "capacity", Word.FAILED),
    ("another run", _running, "conflicting_run", Word.FAILED),
]


@pytest.mark.parametrize(("case", "change", "guard", "word"), CASES)
async def test_guards_of_a_failover(
    case: str, change: Callable[[Facts], Facts], guard: str, word: Word
) -> None:
    usual = await facts_of(Toy())
    plan = failover.plan(usual, REGION, "test")
    outcome = guards.GUARDS[guard](plan, change(usual))
    assert outcome.word is word, outcome.evidence
    assert outcome.evidence


async def test_drills_are_guarded_as_failovers_are() -> None:
    facts = await facts_of(Toy())
    plan = drill.plan(facts, drill.Settings(REGION))
    assert guards.leaving(plan) == (REGION,)
    dark = _out(facts, "us-east-1", "ap-south-1")
    with pytest.raises(Refused, match="regions_on"):
        guards.refuse(guards.evaluate(plan, dark))


async def test_the_load_of_a_drill_counts() -> None:
    facts = await facts_of(Toy())
    plan = drill.plan(facts, drill.Settings(REGION, rate=2000.0))
    assert guards.capacity(plan, facts).word is Word.FAILED


async def test_pods_that_the_plan_adds_count() -> None:
    facts = _busy(await facts_of(Toy()), 300.0)
    plan = failover.plan(facts, REGION, "test")
    scaling = [s.id for s in plan.steps if s.operation.kind == "scale_deployment"]
    assert scaling == ["scale-us-east-1", "scale-ap-south-1"]
    assert guards.capacity(plan, facts).word is Word.PASSED
    assert guards.blast_radius(plan, facts).word is Word.PASSED


async def test_where_another_region_is_dead_the_last_one_gets_the_pods() -> None:
    facts = _dead(_busy(await facts_of(Toy()), 190.0), "us-east-1")
    plan = failover.plan(facts, REGION, "test")
    assert [s.id for s in plan.steps[:2]] == ["hold-ap-south-1", "scale-ap-south-1"]
    assert plan.predicted == {"us-east-1": 0.0, REGION: 0.0, "ap-south-1": 1.0}
    assert guards.capacity(plan, facts).word is Word.PASSED


async def test_a_change_outside_the_declared_radius_is_refused() -> None:
    facts = await facts_of(Toy())
    step = failover.scale_step(facts, "us-east-1", 3)
    plan = Plan("x", "x", "lab", (step,), BlastRadius((REGION,)))
    assert guards.blast_radius(plan, facts).word is Word.FAILED


async def test_a_recovery_plan_that_needs_a_control_plane_is_refused() -> None:
    facts = await facts_of(Toy())
    operation = Operation("wait_steady", {}, needs_control_plane=True)
    plan = Plan("x", "x", "lab", (Step("weights", operation),), recovery=True)
    outcome = guards.no_control_plane(plan, facts)
    assert outcome == Outcome(Word.FAILED, ("needs a control plane: weights",))


@pytest.mark.parametrize("name", list(guards.GUARDS))
async def test_a_guard_with_a_bug_refuses(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = await facts_of(Toy())
    facts = replace(facts, rights=dict.fromkeys(guards.needed_rights(_failover(facts)), ""))
    plan = _failover(facts)

    def broken(*_: object) -> Outcome:
        raise ZeroDivisionError

    guards.refuse(guards.evaluate(plan, facts))
    monkeypatch.setitem(guards.GUARDS, name, broken)
    with pytest.raises(Refused, match=f"refused by {name}"):
        guards.refuse(guards.evaluate(plan, facts))
    overridden = frozenset({name})
    if name in guards.ALWAYS:
        with pytest.raises(Refused, match=f"refused by {name}"):
            guards.refuse(guards.evaluate(plan, facts), overridden)
    else:
        guards.refuse(guards.evaluate(plan, facts), overridden)


def _failover(facts: Facts) -> Plan:
    return failover.plan(facts, REGION, "test")
