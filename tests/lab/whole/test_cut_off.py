"""A region that is cut off, and two that lose each other: who notices, and who works on.

With INFCTL_WHOLE=1 only: a lab that serves, and a minute of waiting.
"""

import asyncio
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from living import Living, until

from infctl.drills.load.body import make_body
from infctl.lab import client, credentials
from infctl.lab.cluster import Cluster
from infctl.lab.spec import Lab, Region

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(300),
    pytest.mark.skipif(os.environ.get("INFCTL_WHOLE") != "1", reason="INFCTL_WHOLE=1 asks for it"),
]
HERE, THERE = "us-east-1", "eu-west-1"


@contextmanager
def fault(living: Living, kind: str, target: str, **more: Any) -> Iterator[None]:
    socket = living.lab().admin_socket
    body = {"kind": kind, "target": target, "ttl": 120, **more}
    client.ask(socket, "PUT", "/faults/cut-off", body, timeout=20)
    try:
        yield
    finally:
        client.ask(socket, "DELETE", "/faults/cut-off", timeout=60)


def answering(address: str) -> str:
    """The region that answers an inference there; empty where nobody does within two seconds."""
    request = urllib.request.Request(
        f"http://{address}/v2/models/digits/infer",
        data=make_body(),
        headers={"Host": "vision.infctl.test", "content-type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=2) as answer:
            return str(answer.headers["x-infctl-region"])
    except (urllib.error.URLError, OSError):
        return ""


def gateway(lab: Lab, region: str) -> str:
    return f"{lab.edge(lab.region(region), 'gateway')}:8080"


@pytest.mark.parametrize("kind", ["swallow", "refuse"])
def test_a_region_that_is_cut_off_is_missed_outside_and_whole_inside(
    living: Living, kind: str
) -> None:
    lab = living.lab()
    until(lambda: answering(gateway(lab, THERE)) == THERE, 60, f"{THERE} serves")
    with fault(living, kind, f"region/{THERE}"):
        assert answering(gateway(lab, THERE)) == ""
        assert answering(gateway(lab, HERE)) == HERE
        until(lambda: living.regions()[THERE]["state"] != "healthy", 40, f"{THERE} is missed")
        assert answering(gateway(lab, HERE)) == HERE
        assert all(_ready(node) for node in _nodes(lab, lab.region(THERE)))
        assert living.parts()[f"agent-{THERE}"]["state"] == "ready"
    until(lambda: answering(gateway(lab, THERE)) == THERE, 20, f"{THERE} serves again")
    until(lambda: living.regions()[THERE]["state"] == "healthy", 60, f"{THERE} is healthy")


def test_two_regions_lose_each_other_and_the_world_loses_neither(living: Living) -> None:
    lab = living.lab()
    here, there = lab.region(HERE), lab.region(THERE)
    ways = {lab.path(here, there, "gateway"): THERE, lab.path(there, here, "gateway"): HERE}
    assert {way: answering(way) for way in ways} == ways
    with fault(living, "refuse", f"path/{HERE}/{THERE}"):
        assert [answering(way) for way in ways] == ["", HERE]
    with fault(living, "swallow", f"between/{HERE}/{THERE}"):
        assert [answering(way) for way in ways] == ["", ""]
        assert [answering(gateway(lab, name)) for name in (HERE, THERE)] == [HERE, THERE]
    assert {way: answering(way) for way in ways} == ways


def test_an_overloaded_api_server_is_told_and_the_region_serves_on(living: Living) -> None:
    lab = living.lab()
    with fault(living, "overload", f"region/{THERE}"):
        assert answering(gateway(lab, THERE)) == THERE
        rows = living.regions()
        assert rows[HERE]["state"] == "healthy"
        assert rows[THERE]["state"] != "unreachable"
    until(lambda: living.regions()[THERE]["state"] == "healthy", 40, f"{THERE} is healthy")


def _ready(node: dict[str, Any]) -> bool:
    conditions = {c["type"]: c["status"] for c in node["status"]["conditions"]}
    return conditions.get("Ready") == "True"


def _nodes(lab: Lab, region: Region) -> list[dict[str, Any]]:
    """As the region's own parts see them."""

    async def read() -> list[dict[str, Any]]:
        token = credentials.token(lab, "lab")
        async with Cluster(lab.api_url(region), token, lab.ca) as cluster:
            return list((await cluster.get("/api/v1/nodes"))["items"])

    return asyncio.run(read())
