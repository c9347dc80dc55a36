"""All pods of a region: follows what is bound to its nodes and gives each pod a worker."""

import asyncio
import logging
import time
from collections.abc import Iterable

from infctl.lab import processes
from infctl.lab.agent.allocation import NoAddressLeft
from infctl.lab.agent.events import reference
from infctl.lab.agent.facts import Object, facts_of
from infctl.lab.agent.host import Host
from infctl.lab.agent.keeper import Keeper
from infctl.lab.agent.meter import Start
from infctl.lab.agent.records import PodRecord, living
from infctl.lab.agent.worker import Worker

_LOG = logging.getLogger(__name__)
_BOUND = "spec.nodeName!="
_OVER = ("Succeeded", "Failed")


class Table:
    """The workers by uid."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._workers: dict[str, Worker] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._recorded = host.records.read()
        self._held: set[str] = set()
        self._waiting: dict[str, Object] = {}
        self.has_listed = asyncio.Event()

    async def run(self) -> None:
        """Follow the pods for ever; on cancellation their processes go on."""
        try:
            async for event, item in self._host.cluster.watch("/api/v1/pods", fieldSelector=_BOUND):
                if event == "LISTED":
                    await self._take_list(item.get("items") or [])
                elif event == "DELETED":
                    self._waiting.pop(item["metadata"]["uid"], None)
                    self._abandon(item["metadata"]["uid"])
                else:
                    self._take(item)
        finally:
            for task in self._tasks.values():
                task.cancel()

    def find(self, node: str, namespace: str, name: str, container: str) -> Keeper | None:
        """The keeper of a container on a node; None if there is none."""
        for worker in self._workers.values():
            facts = worker.facts
            if (facts.node, facts.namespace, facts.name) == (node, namespace, name):
                return worker.keeper(container)
        return None

    def objects(self, node: str) -> Iterable[Object]:
        """A node's pods that have a worker."""
        return [worker.pod for worker in self._workers.values() if worker.facts.node == node]

    def starts(self, node: str) -> Iterable[Start]:
        """A node's containers that run."""
        return [s for w in self._workers.values() if w.facts.node == node for s in w.starts()]

    async def _take_list(self, pods: list[Object]) -> None:
        uids = {pod["metadata"]["uid"] for pod in pods}
        for uid in self._workers.keys() - uids:
            self._abandon(uid)
        # What an earlier agent left and nobody wants any more.
        await self._clear_all(self._recorded.keys() - uids - self._workers.keys())
        self._waiting.clear()
        for pod in pods:
            self._take(pod)
        self.has_listed.set()

    async def hold(self, node: str) -> None:
        """Let go of a node's pods: their processes stay as they are, and nothing is made new."""
        self._held.add(node)
        for uid, worker in list(self._workers.items()):
            if worker.facts.node == node and (task := self._tasks.get(uid)):
                task.cancel()
                await asyncio.wait({task})
                if self._workers.pop(uid, None) and not worker.is_abandoned:
                    self._waiting.setdefault(uid, worker.pod)
                self._tasks.pop(uid, None)
        self._recorded |= {u: r for u, r in self._host.records.read().items() if r.node == node}

    async def release(self, node: str) -> None:
        """Take a node's pods up again as they are wanted by now; end what is wanted no more."""
        self._held.discard(node)
        for uid, pod in list(self._waiting.items()):
            if pod["spec"]["nodeName"] == node:
                self._take(self._waiting.pop(uid))
        await self._clear_all({u for u, r in self._recorded.items() if r.node == node})

    def living_on(self, node: str) -> list[processes.Process]:
        """The living processes of a held node's pods."""
        uids = [uid for uid, record in self._recorded.items() if record.node == node]
        return [p for uid in uids for p in living(self._host.records.root, uid)]

    async def _clear_all(self, uids: set[str]) -> None:
        for uid in uids:
            if uid in self._recorded and self._recorded[uid].node not in self._held:
                await asyncio.to_thread(self._clear, uid)
                self._recorded.pop(uid, None)

    def _clear(self, uid: str) -> None:
        remaining = processes.kill(living(self._host.records.root, uid))
        _LOG.info("pod %s is wanted no more; %d of its processes remain", uid, len(remaining))
        self._host.records.remove(uid)

    def _take(self, pod: Object) -> None:
        uid = pod["metadata"]["uid"]
        worker = self._workers.get(uid)
        if pod["spec"]["nodeName"] in self._held:
            self._waiting[uid] = pod
        elif worker:
            worker.update(pod)
        elif pod["spec"]["nodeName"] in self._host.nodes and self._has_work(pod):
            self._add(uid, pod)

    def _has_work(self, pod: Object) -> bool:
        """A pod that is over and has nothing here only waits to be deleted."""
        is_over = (pod.get("status") or {}).get("phase") in _OVER
        is_ending = bool(pod["metadata"].get("deletionTimestamp"))
        return pod["metadata"]["uid"] in self._recorded or is_ending or not is_over

    def _add(self, uid: str, pod: Object) -> None:
        try:
            record = self._recorded.pop(uid, None) or self._record(uid, pod)
        except NoAddressLeft as error:
            # As a kubelet that is full: nothing is started, and the pod stays Pending.
            node = pod["spec"]["nodeName"]
            about = reference(pod)
            self._host.events.tell(about, node, "FailedCreatePodSandBox", str(error), time.time())
            return
        host = self._host
        facts = facts_of(
            pod,
            address=record.address,
            node_address=host.nodes[record.node],
            region=host.region,
            cloud=host.cloud,
            scratch=str(host.records.scratch(uid)),
            api=host.api,
        )
        worker = self._workers[uid] = Worker(host, pod, facts, record.since)
        worker.update(pod)
        self._tasks[uid] = asyncio.create_task(self._run(uid, worker))

    def _record(self, uid: str, pod: Object) -> PodRecord:
        metadata = pod["metadata"]
        taken = {w.facts.address for w in self._workers.values() if w.holds_address}
        taken |= {record.address for record in self._recorded.values()}
        address = self._host.allocation.give(taken)
        node = pod["spec"]["nodeName"]
        record = PodRecord(uid, metadata["namespace"], metadata["name"], node, address, time.time())
        self._host.records.add(record)
        return record

    def _abandon(self, uid: str) -> None:
        if worker := self._workers.get(uid):
            worker.abandon()

    async def _run(self, uid: str, worker: Worker) -> None:
        try:
            await worker.run()
        except Exception:
            _LOG.exception("the worker of pod %s failed", worker.facts.name)
            await asyncio.to_thread(processes.kill, living(self._host.records.root, uid))
        self._workers.pop(uid, None)
        self._tasks.pop(uid, None)
        self._host.records.remove(uid)
