"""Keeps what the API server holds of a pod's status as it is here; writes only differences."""

import asyncio
import logging
from collections.abc import Callable

from infctl.lab.agent.facts import Object
from infctl.lab.agent.status import covers
from infctl.lab.cluster import Cluster, ClusterError

_LOG = logging.getLogger(__name__)
_MERGE = "application/strategic-merge-patch+json"
_RETRY_SECONDS = 0.5
_SETTLED = (404, 409)


class Publisher:
    """Writes one pod's status.

    `seen` gives the pod as the watch brought it; `wanted` says of the newest object what its status
    should be, None for nothing.
    """

    def __init__(
        self,
        cluster: Cluster,
        seen: Callable[[], Object],
        wanted: Callable[[Object], Object | None],
    ) -> None:
        self._cluster = cluster
        self._seen = seen
        self._wanted = wanted
        self._changed = asyncio.Event()
        self._answer: Object = {}

    def look(self) -> None:
        """Something has changed, here or there."""
        self._changed.set()

    async def run(self) -> None:
        """Write after each change, for ever."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self.publish()
            except ClusterError as error:
                _LOG.info("a status cannot be written yet: %s", error)
                await asyncio.sleep(_RETRY_SECONDS)
                self._changed.set()

    async def publish(self) -> None:
        """Write the status now if it differs; ClusterError if that cannot be done."""
        newest = self._newest()
        wanted = self._wanted(newest)
        if wanted is None or covers(newest.get("status"), wanted):
            return
        metadata = newest["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}/status"
        body = {"metadata": {"uid": metadata["uid"]}, "status": wanted}
        try:
            self._answer = await self._cluster.patch(path, body, content_type=_MERGE)
        except ClusterError as error:
            if error.status not in _SETTLED:
                raise

    def _newest(self) -> Object:
        """Our own last write may be ahead of what the watch has brought."""
        seen = self._seen()
        if self._answer and _version(self._answer) > _version(seen):
            return self._answer
        return seen


def _version(item: Object) -> int:
    return int(item["metadata"]["resourceVersion"])
