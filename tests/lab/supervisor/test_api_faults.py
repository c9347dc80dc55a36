"""An API server that is overloaded, or forgets: what its clients really get, and what is left."""

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from real_control_plane import ControlPlane

from infctl.lab.cluster import Cluster, ClusterError
from infctl.lab.supervisor import overload
from infctl.lab.supervisor.child import State
from infctl.lab.supervisor.faults import Faults

pytestmark = pytest.mark.control_plane
SECONDS = 30.0


@pytest.fixture
def faults(control_plane: ControlPlane) -> Iterator[Faults]:
    """The faults of the control plane's household; none is in force afterwards."""

    async def make() -> tuple[Faults, "asyncio.Task[None]"]:
        made = Faults(control_plane.household)
        return made, asyncio.create_task(made.follow())

    async def end() -> None:
        for fault in found.active():
            await found.heal(fault.id)
        following.cancel()

    found, following = control_plane.run(make())
    yield found
    control_plane.run(end())


def region(plane: ControlPlane) -> str:
    return f"region/{plane.region.name}"


async def statuses(cluster: Cluster, count: int) -> list[int]:
    """What so many requests one after the other are answered."""
    found = []
    for _ in range(count):
        try:
            await cluster.get("/api/v1/namespaces")
            found.append(200)
        except ClusterError as error:
            found.append(error.status)
    return found


def ask(plane: ControlPlane, user: str, count: int = 10) -> list[int]:
    async def work() -> list[int]:
        async with plane.cluster(user) as cluster:
            return await statuses(cluster, count)

    return plane.run(work())


def left(plane: ControlPlane) -> list[str]:
    """The names of the fault's objects that are there."""

    async def work() -> list[str]:
        async with plane.cluster("lab") as cluster:
            kinds = ("flowschemas", "prioritylevelconfigurations")
            api = "/apis/flowcontrol.apiserver.k8s.io/v1"
            lists = [await cluster.get(f"{api}/{kind}") for kind in kinds]
            names = [item["metadata"]["name"] for found in lists for item in found["items"]]
            return [name for name in names if name.startswith(overload.NAME)]

    return plane.run(work())


def test_an_overloaded_server_answers_429_to_people_and_serves_its_own_parts(
    control_plane: ControlPlane, faults: Faults
) -> None:
    plane = control_plane
    plane.run(faults.inject("one", "overload", region(plane), 60))
    plane.run(faults.inject("two", "overload", region(plane), 60))
    # The one seat between them may be free for a moment.
    assert ask(plane, "operator", 20).count(429) >= 15
    assert set(ask(plane, "agent")) <= {200, 403}
    assert ask(plane, "lab") == [200] * 10
    assert plane.run(faults.heal("one")) == []
    assert 429 in ask(plane, "operator")
    assert plane.run(faults.heal("two")) == []
    assert ask(plane, "operator") == [200] * 10
    assert left(plane) == []


def test_a_server_that_forgot_answers_410_to_who_remembers(
    control_plane: ControlPlane, faults: Faults
) -> None:
    plane = control_plane
    plane.run(faults.inject("busy", "overload", region(plane), 60))
    seen = plane.run(_version(plane))
    began = time.time()
    fault = plane.run(faults.inject("f", "forget", region(plane), 60))
    assert began <= fault.at <= time.time()
    assert plane.run(faults.heal("f"), timeout=SECONDS) == []
    assert plane.household.children[f"api-{plane.region.name}"].state is State.READY
    assert plane.run(_first_event(plane, seen))["object"]["code"] == 410
    # The other fault holds on over the restart, and leaves nothing when it is over.
    assert plane.run(faults.heal("busy")) == []
    assert left(plane) == []


async def _version(plane: ControlPlane) -> str:
    async with plane.cluster("lab") as cluster:
        found = await cluster.get("/api/v1/configmaps", limit="1")
        return str(found["metadata"]["resourceVersion"])


async def _first_event(plane: ControlPlane, version: str) -> dict[str, Any]:
    """Of a watch that goes on from a version, as a client that was cut off does."""
    query = {"watch": "1", "resourceVersion": version, "timeoutSeconds": "2"}
    async with plane.cluster("lab") as cluster:
        told = await cluster.get("/api/v1/configmaps", **query)
    found: dict[str, Any] = json.loads(told["text"]) if "text" in told else told
    return found
