"""The verb that moves traffic, by hand and as a drill."""

from typing import Any

import pytest
from living import Living, is_host_limited, until

REGION = "eu-west-1"

pytestmark = [pytest.mark.lab, pytest.mark.timeout(500)]


@pytest.mark.measured
def test_the_operated_drill_recovers_within_the_bound_of_its_switch(living: Living) -> None:
    words = ("drill", "failover", "--region", REGION, "--mode", "operated", "--load", "60")
    item: dict[str, Any] = living.read(*words, timeout=240, code=None)["items"][0]
    if is_host_limited(item):
        item = living.read(*words, timeout=240, code=None)["items"][0]
    recovery = item["result"]["recovery"]
    assert item["result"]["outcome"] == "passed", item["result"]["evidence"]
    assert recovery["rto"] <= recovery["bound"] + 3
    assert recovery["failed"] == 0


def test_failover_takes_a_region_out_of_the_answers_and_restore_brings_it_back(
    living: Living,
) -> None:
    confirmed = (f"--confirm={REGION}", "--reason", "rehearsal")
    plan = living.read("failover", REGION, "--dry-run")["items"][0]
    assert [g["outcome"] for g in plan["guards"]] == ["passed"] * len(plan["guards"])
    living.run("failover", REGION, *confirmed, timeout=150)
    row = living.regions()[REGION]
    assert row["switched_off"]["value"] is True
    assert row["dns_healthy"]["value"] is False
    assert row["state"] == "degraded"
    assert "switched off by an operator" in row["evidence"]
    living.run("restore", REGION, "--yes", timeout=150)
    until(lambda: living.regions()[REGION]["state"] == "healthy", 40, f"{REGION} is healthy")
