"""Deploying to real control planes: idempotent, diffable, honest about others' fields."""

import time

import pytest
from living import Living, until

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]
REGION = "eu-west-1"
SERVICE = "vision"


def test_a_second_apply_changes_nothing(living: Living) -> None:
    found = living.read("deploy", "apply")["items"]
    actions = {change["action"] for item in found for change in item["changes"]}
    assert actions == {"unchanged"}
    assert living.run("deploy", "diff", "--detailed-exitcode").stdout == ""
    living.run("deploy", "plan", "--detailed-exitcode")


def test_every_region_runs_the_rendered_generation(living: Living) -> None:
    items = living.read("deploy", "status")["items"]
    assert {item["state"] for item in items} == {"current"}
    assert len({item["name"] for item in items}) == 3


def test_two_renders_are_equal_byte_for_byte(living: Living) -> None:
    assert living.run("deploy", "render").stdout == living.run("deploy", "render").stdout


def test_a_field_that_another_manager_took_is_a_conflict_with_its_name(living: Living) -> None:
    import asyncio

    from infctl.lab import credentials
    from infctl.lab.cluster import Cluster

    lab = living.lab()
    path = f"/apis/apps/v1/namespaces/{SERVICE}/deployments/{SERVICE}-stable"
    taken = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": f"{SERVICE}-stable", "namespace": SERVICE},
        "spec": {"revisionHistoryLimit": 7},
    }

    async def take() -> None:
        region = lab.region(REGION)
        token = credentials.token(lab, "lab")
        async with Cluster(lab.api_url(region), token, lab.ca) as cluster:
            await cluster.apply(path, taken, manager="someone-else")

    asyncio.run(take())
    refused = living.run("deploy", "apply", "--region", REGION, code=1)
    assert "someone-else" in refused.stdout + refused.stderr
    living.run("deploy", "apply", "--region", REGION, "--force-conflicts")
    living.run("deploy", "plan", "--detailed-exitcode")


def test_a_region_that_is_lost_leaves_the_others_result_clear(living: Living) -> None:
    from infctl.lab import client

    lab = living.lab()
    fault = {"kind": "freeze", "target": f"region/{REGION}", "ttl": 40}
    client.ask(lab.admin_socket, "PUT", "/faults/test-deploy", fault)
    try:
        began = time.monotonic()
        done = living.run("deploy", "plan", "--timeout", "4", code=1)
        assert time.monotonic() - began < 15
        assert REGION in done.stdout + done.stderr
        row = living.regions()[REGION]
        assert row["state"] in ("unknown", "down")
        assert "no answer" in " ".join(row["evidence"])
    finally:
        client.ask(lab.admin_socket, "DELETE", "/faults/test-deploy", timeout=60)
    until(lambda: living.regions()[REGION]["state"] == "healthy", 60, f"{REGION} is healthy")
