"""Several kinds of objects are followed into stores, and looked at once all of them were read."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from infctl.lab.cluster import Cluster
from infctl.lab.following import Follower, Object, Store

PATHS = {"pods": "/pods", "routes": "/routes"}
A_POD = {"metadata": {"namespace": "vision", "name": "one"}}
ANOTHER = {"metadata": {"namespace": "vision", "name": "two"}}
A_CLASS = {"metadata": {"name": "cluster-wide"}}


class Scripted(Cluster):
    """Tells of each path what its queue holds."""

    def __init__(self) -> None:
        self.told: dict[str, asyncio.Queue[tuple[str, Object]]] = {
            path: asyncio.Queue() for path in PATHS.values()
        }
        self.asked: dict[str, dict[str, str]] = {}

    async def watch(self, path: str, **parameters: str) -> AsyncIterator[tuple[str, Any]]:
        self.asked[path] = parameters
        while True:
            yield await self.told[path].get()


async def test_nothing_is_settled_before_all_kinds_were_listed() -> None:
    cluster, stores = Scripted(), {kind: Store() for kind in PATHS}
    follower = Follower(cluster, PATHS, stores)
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        follower.start(tasks)
        settled = tasks.create_task(follower.settled(0.0))
        cluster.told["/pods"].put_nowait(("LISTED", {"items": [A_POD]}))
        done, _ = await asyncio.wait({settled}, timeout=0.05)
        assert not done
        cluster.told["/routes"].put_nowait(("LISTED", {"items": None}))
        await settled
        _end(tasks)
    assert stores == {"pods": {("vision", "one"): A_POD}, "routes": {}}


async def test_changes_reach_the_store_and_a_new_list_replaces_it() -> None:
    cluster, stores = Scripted(), {"routes": Store()}
    follower = Follower(cluster, {"routes": "/routes"}, stores, only={"routes": {"limit": "1"}})
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        follower.start(tasks)
        for event, item, left in (
            ("LISTED", {"items": [A_POD]}, {("vision", "one")}),
            ("ADDED", ANOTHER, {("vision", "one"), ("vision", "two")}),
            ("DELETED", A_POD, {("vision", "two")}),
            ("LISTED", {"items": [A_CLASS]}, {("", "cluster-wide")}),
        ):
            cluster.told["/routes"].put_nowait((event, item))
            await follower.settled(0.0)
            assert set(stores["routes"]) == left
        _end(tasks)
    assert cluster.asked == {"/routes": {"limit": "1"}}


async def test_items_of_a_list_are_completed() -> None:
    cluster, stores = Scripted(), {"pods": Store()}

    def complete(kind: str, item: Object) -> None:
        item["kind"] = kind

    follower = Follower(cluster, {"pods": "/pods"}, stores, complete=complete)
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        follower.start(tasks)
        cluster.told["/pods"].put_nowait(("LISTED", {"items": [dict(A_POD)]}))
        await follower.settled(0.0)
        _end(tasks)
    assert stores["pods"][("vision", "one")]["kind"] == "pods"


async def test_one_may_look_again_without_a_change() -> None:
    cluster, stores = Scripted(), {"pods": Store()}
    follower = Follower(cluster, {"pods": "/pods"}, stores)
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        follower.start(tasks)
        cluster.told["/pods"].put_nowait(("LISTED", {"items": []}))
        await follower.settled(0.0)
        follower.look_again(0.01)
        await follower.settled(0.0)
        _end(tasks)


def _end(tasks: asyncio.TaskGroup) -> None:
    for task in tasks._tasks:
        task.cancel()
