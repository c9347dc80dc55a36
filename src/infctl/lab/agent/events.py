"""Tells people through Kubernetes' events what happens to pods; losing one is no error."""

import asyncio
import logging
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from infctl.lab.agent.facts import Object
from infctl.lab.agent.status import timestamp
from infctl.lab.cluster import Cluster, ClusterError

_LOG = logging.getLogger(__name__)
_REMEMBERED = 500
_TOLD_EACH = 10
_QUEUED = 1000
_WARNINGS = frozenset(
    {
        "Failed",
        "BackOff",
        "Unhealthy",
        "FailedMount",
        "FailedPostStartHook",
        "FailedPreStopHook",
        "FailedCreatePodSandBox",
    }
)


@dataclass(slots=True)
class _Told:
    name: str
    count: int = 1


class Events:
    """Sends events one after the other; the same one again counts up an earlier one."""

    def __init__(self, cluster: Cluster, component: str = "kubelet") -> None:
        self._cluster = cluster
        self._component = component
        self._told: OrderedDict[tuple[str, ...], _Told] = OrderedDict()
        self._queue: asyncio.Queue[tuple[tuple[str, ...], Object]] = asyncio.Queue(_QUEUED)

    def tell(self, about: Object, node: str, reason: str, message: str, at: float) -> None:
        """Say what happened to the object that `about` refers to."""
        event = self._make(about, node, reason, message, at)
        key = (str(about.get("uid")), about.get("fieldPath", ""), reason, message)
        if not self._queue.full():
            self._queue.put_nowait((key, event))

    async def run(self) -> None:
        """Send what is told, for ever."""
        while True:
            key, event = await self._queue.get()
            try:
                await self._send(key, event)
            except ClusterError as error:
                _LOG.info("event %s of %s is lost: %s", event["reason"], key[0], error)

    async def _send(self, key: tuple[str, ...], event: Object) -> None:
        told = self._told.get(key)
        path = f"/api/v1/namespaces/{event['metadata']['namespace']}/events"
        if told is None:
            await self._cluster.create(path, event)
            self._told[key] = _Told(event["metadata"]["name"])
            if len(self._told) > _REMEMBERED:
                self._told.popitem(last=False)
            return
        told.count += 1
        if is_told(told.count):
            change = {"count": told.count, "lastTimestamp": event["lastTimestamp"]}
            await self._cluster.patch(f"{path}/{told.name}", change)

    def _make(self, about: Object, node: str, reason: str, message: str, at: float) -> Object:
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": f"{about['name']}.{secrets.token_hex(8)}",
                "namespace": about["namespace"],
            },
            "involvedObject": about,
            "reason": reason,
            "message": message[:1000],
            "type": "Warning" if reason in _WARNINGS else "Normal",
            "source": {"component": self._component, "host": node},
            "reportingComponent": self._component,
            "reportingInstance": node,
            "firstTimestamp": timestamp(at),
            "lastTimestamp": timestamp(at),
            "count": 1,
        }


def is_told(count: int) -> bool:
    """A repeated event is written ten times, then each time that its count doubles."""
    return count <= _TOLD_EACH or count & (count - 1) == 0


def reference(pod: Mapping[str, Object], container: str = "") -> Object:
    """What an event about a pod, or one of its containers, refers to."""
    metadata = pod["metadata"]
    found = {
        "apiVersion": "v1",
        "kind": "Pod",
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "uid": metadata["uid"],
    }
    return {**found, "fieldPath": f"spec.containers{{{container}}}"} if container else found
