"""Runbooks as tables: facts in, plan out."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "engine"))

from toy_facts import facts_at

from infctl.engine.guards.radius import blast_radius
from infctl.errors import ConfigurationError
from infctl.model.outcome import Word
from infctl.model.plan import from_json
from infctl.model.snapshot import Replicas
from infctl.runbooks import failover, restore

REGION = "eu-west-1"


@pytest.mark.parametrize(
    ("rate", "scaled"),
    [
        (0.0, {}),
        (10.0, {}),
        (200.0, {}),
        (250.0, {"us-east-1": 3, "ap-south-1": 3}),
        (500.0, {"us-east-1": 5, "ap-south-1": 5}),
        (5000.0, {"us-east-1": 6, "ap-south-1": 6}),
    ],
)
def test_capacity_comes_before_the_switch(rate: float, scaled: dict[str, int]) -> None:
    """Two pods of 200 requests/s a region, at most 90 % busy, at most six pods."""
    plan = failover.plan(facts_at(rate), REGION, "test")
    found = {
        s.operation.args["region"]: s.operation.args["replicas"]
        for s in plan.steps
        if s.operation.kind == "scale_deployment"
    }
    assert found == scaled
    assert plan.step("switch-off").after == tuple(f"scale-{region}" for region in scaled)
    assert plan.recovery


def test_the_switch_is_kept_by_all_other_regions() -> None:
    plan = failover.plan(facts_at(1.0), REGION, "bad power")
    args = plan.step("switch-off").operation.args
    assert args["key"] == "off/eu-west-1"
    assert args["keepers"] == {
        "us-east-1": "vision-switches-us-east-1",
        "ap-south-1": "vision-switches-ap-south-1",
    }
    assert args["reason"] == "bad power"
    assert plan.predicted == {"us-east-1": 0.5, "eu-west-1": 0.0, "ap-south-1": 0.5}


def test_restore_waits_for_the_region_before_its_traffic() -> None:
    plan = restore.plan(facts_at(1.0), REGION, "")
    assert [(s.id, s.after) for s in plan.steps] == [
        ("region-ready", ()),
        ("switch-on", ("region-ready",)),
        ("in-answers", ("switch-on",)),
    ]


def test_pods_that_a_failover_adds_are_held_before_and_let_go_by_the_restore() -> None:
    """No autoscaler takes them away before their traffic comes, nor keeps them for ever."""
    plan = failover.plan(facts_at(250.0), REGION, "test")
    holds = [s for s in plan.steps if s.operation.kind == "hold_replicas"]
    assert [(s.id, s.on_failure) for s in holds] == [
        ("hold-us-east-1", "skip"),
        ("hold-ap-south-1", "skip"),
    ]
    for hold in holds:
        assert plan.step(f"scale-{hold.operation.region}").after == (hold.id,)
    grown = facts_at(1.0, replicas=Replicas(5, 5))
    back = restore.plan(grown, REGION, "")
    freed = [s for s in back.steps if s.operation.kind == "release_replicas"]
    assert [s.operation.region for s in freed] == list(grown.platform.region_names)
    assert all(s.after == ("in-answers",) and s.on_failure == "skip" for s in freed)
    assert blast_radius(back, grown).word is Word.PASSED
    assert blast_radius(plan, facts_at(250.0)).word is Word.PASSED


def test_a_plan_is_the_same_for_the_same_facts() -> None:
    facts = facts_at(10.0)
    first = failover.plan(facts, REGION, "test")
    assert first.digest == failover.plan(facts, REGION, "test").digest
    assert from_json(first.to_json()).digest == first.digest
    other = replace(facts, addresses={})
    assert first.digest != failover.plan(other, REGION, "test").digest


def test_an_unknown_region_is_named_with_its_nearest() -> None:
    with pytest.raises(ConfigurationError) as caught:
        failover.plan(facts_at(1.0), "eu-wset-1", "")
    assert "eu-west-1" in caught.value.hint
