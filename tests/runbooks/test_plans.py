"""Runbooks as tables: facts in, plan out."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "engine"))

from toy_facts import facts_at

from infctl.errors import ConfigurationError
from infctl.model.plan import from_json
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
