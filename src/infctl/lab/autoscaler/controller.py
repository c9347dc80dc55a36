"""Follows a region's ScaledObjects; each is kept by a worker of its own."""

import asyncio

from infctl.lab.autoscaler.autoscalers import Autoscalers
from infctl.lab.autoscaler.events import Events
from infctl.lab.autoscaler.readings import Ask
from infctl.lab.autoscaler.scaled import target_of
from infctl.lab.autoscaler.triggers.common import Object
from infctl.lab.autoscaler.worker import Tools, Worker, key_of
from infctl.lab.autoscaler.workload import Workloads
from infctl.lab.cluster import Cluster

PATH = "/apis/keda.sh/v1alpha1/scaledobjects"
Key = tuple[str, str]


class Controller:
    """One region's ScaledObjects; `run` ends only by cancellation."""

    def __init__(self, cluster: Cluster, ask: Ask) -> None:
        self._cluster = cluster
        self._workers: dict[Key, Worker] = {}
        self._tasks: dict[Key, asyncio.Task[None]] = {}
        self._autoscalers = Autoscalers(cluster)
        self._autoscalers.when_gone = self._wake
        self._tools = Tools(
            cluster=cluster,
            workloads=Workloads(cluster),
            autoscalers=self._autoscalers,
            events=Events(cluster),
            ask=ask,
            rival=self._rival,
        )
        self.is_listed = False

    def find(self, namespace: str, name: str) -> Worker | None:
        """Who keeps a ScaledObject."""
        return self._workers.get((namespace, name))

    async def run(self) -> None:
        """Follow both kinds for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._autoscalers.follow())
            tasks.create_task(self._follow())

    async def _follow(self) -> None:
        async for kind, item in self._cluster.watch(PATH):
            if kind == "LISTED":
                self._list(item.get("items") or [])
            elif kind == "DELETED":
                self._drop(key_of(item))
            else:
                self._put(item)

    def _list(self, items: list[Object]) -> None:
        for key in set(self._workers) - {key_of(item) for item in items}:
            self._drop(key)
        for item in items:
            # A list's items do not say what they are.
            self._put({"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", **item})
        self.is_listed = True

    def _put(self, item: Object) -> None:
        key, metadata = key_of(item), item["metadata"]
        worker = self._workers.get(key)
        if worker is not None and worker.item["metadata"]["uid"] != metadata["uid"]:
            self._drop(key)
            worker = None
        if metadata.get("deletionTimestamp"):
            self._drop(key)
        elif worker is not None:
            worker.update(item)
        else:
            self._workers[key] = Worker(self._tools, item)
            self._tasks[key] = asyncio.create_task(self._workers[key].run())

    def _drop(self, key: Key) -> None:
        self._workers.pop(key, None)
        if task := self._tasks.pop(key, None):
            task.cancel()

    def _wake(self, key: Key) -> None:
        if worker := self._workers.get(key):
            worker.wake()

    def _rival(self, item: Object) -> str:
        """The name of an older ScaledObject that has the same target; empty if there is none."""
        target, namespace = target_of(item), item["metadata"]["namespace"]
        older = [
            other.item
            for (place, _), other in self._workers.items()
            if place == namespace
            and _age(other.item) < _age(item)
            and target_of(other.item) == target
        ]
        return str(min(older, key=_age)["metadata"]["name"]) if older else ""


def _age(item: Object) -> tuple[str, str]:
    return item["metadata"]["creationTimestamp"], item["metadata"]["name"]
