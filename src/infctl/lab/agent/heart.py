"""Keeps a node registered and ready, and its Lease renewed."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from infctl.lab.agent import nodes
from infctl.lab.agent.facts import Object
from infctl.lab.cluster import Cluster, ClusterError

_RETRY_SECONDS = 0.5
_NODES = "/api/v1/nodes"
_LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
_MERGE = "application/strategic-merge-patch+json"
_CONFLICT = 409
_MISSING = 404
_LOG = logging.getLogger(__name__)


class Heart:
    """One node's heartbeat; `beaten` is called after each one that the API server took."""

    def __init__(
        self, cluster: Cluster, place: nodes.NodePlace, beaten: Callable[[str], None]
    ) -> None:
        self.name = place.name
        self._cluster = cluster
        self._place = place
        self._beaten = beaten
        self._is_registered = False
        self._hurry = asyncio.Event()
        self._is_held = False

    def hold(self) -> None:
        """Stand still: the node is lost."""
        self._is_held = True

    def release(self) -> None:
        """Beat again, at once."""
        self._is_held = self._is_registered = False
        self._hurry.set()

    def look(self, node: Object | None) -> None:
        """Take what the API server holds of the node; None if it holds none."""
        if node is None or not nodes.is_ready(node):
            self._is_registered = False
            self._hurry.set()

    async def run(self) -> None:
        """Register, and renew, for ever; a node that is lost counts as looked after."""
        while True:
            self._hurry.clear()
            pause = nodes.BEAT_SECONDS
            try:
                if not self._is_held:
                    await self._beat()
                self._beaten(self.name)
            except ClusterError as error:
                _LOG.info("node %s: %s", self.name, error)
                self._is_registered = self._is_registered and error.status != _MISSING
                pause = _RETRY_SECONDS
                # Somebody else's change of the node must not make us hurry when writing fails.
                self._hurry.clear()
            try:
                async with asyncio.timeout(pause):
                    await self._hurry.wait()
            except TimeoutError:
                continue

    async def _beat(self) -> None:
        if not self._is_registered:
            await self._register()
            self._is_registered = True
            return
        renewal = {"spec": {"renewTime": _now()}}
        await self._cluster.patch(f"{_LEASES}/{self.name}", renewal)

    async def _register(self) -> None:
        path = f"{_NODES}/{self.name}"
        node = nodes.make_node(self._place)
        # Its kubelet is as new as its API server: there is no other program in between.
        version = (await self._cluster.get("/version"))["gitVersion"]
        try:
            held = await self._cluster.create(_NODES, node)
        except ClusterError as error:
            if error.status != _CONFLICT:
                raise
            labels = {"metadata": {"labels": node["metadata"]["labels"]}}
            held = await self._cluster.patch(path, labels)
        status = nodes.make_node_status(self._place, version, time.time(), held.get("status") or {})
        await self._cluster.patch(f"{path}/status", {"status": status}, content_type=_MERGE)
        await self._renew_or_create(nodes.make_lease(held, _now()))
        _LOG.info("node %s is registered", self.name)

    async def _renew_or_create(self, lease: Object) -> None:
        try:
            await self._cluster.create(_LEASES, lease)
        except ClusterError as error:
            if error.status != _CONFLICT:
                raise
            # One of a node that was deleted belongs to that until it is collected.
            owners = {"ownerReferences": lease["metadata"]["ownerReferences"]}
            change = {"metadata": owners, "spec": lease["spec"]}
            await self._cluster.patch(f"{_LEASES}/{self.name}", change)


async def follow_nodes(cluster: Cluster, hearts: Mapping[str, Heart]) -> None:
    """Tell each heart when the API server lost its node or holds it for not ready; for ever."""
    async for event, item in cluster.watch(_NODES):
        if event == "LISTED":
            held = {node["metadata"]["name"]: node for node in item.get("items") or ()}
            for name, heart in hearts.items():
                heart.look(held.get(name))
        elif item["metadata"]["name"] in hearts:
            hearts[item["metadata"]["name"]].look(None if event == "DELETED" else item)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
