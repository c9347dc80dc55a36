"""Tells people through Kubernetes' events which objects are left out; losing one is no error."""

import logging
import secrets
from datetime import UTC, datetime

from infctl.lab.cluster import Cluster, ClusterError
from infctl.lab.following import Object, key
from infctl.lab.prometheus.objects import Refusal

COMPONENT = "infctl-lab-metrics"
REASON = "InvalidConfiguration"
_REMEMBERED = 2000
_log = logging.getLogger(__name__)


class Announcer:
    """Says each reason once for each generation of an object."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._told: set[tuple[str, int, str]] = set()

    async def tell(self, refused: list[Refusal]) -> None:
        """Write an event, and a line into the log, for each refusal that is new."""
        if len(self._told) > _REMEMBERED:
            self._told.clear()
        for refusal in refused:
            metadata = refusal.owner["metadata"]
            said = (metadata["uid"], metadata.get("generation", 0), refusal.reason)
            if said in self._told:
                continue
            self._told.add(said)
            where = "/".join(key(refusal.owner))
            _log.warning("%s %s is left out: %s", refusal.owner["kind"], where, refusal.reason)
            await self._send(refusal)

    async def _send(self, refusal: Refusal) -> None:
        event = make_event(refusal, datetime.now(UTC))
        namespace = event["metadata"]["namespace"]
        try:
            await self._cluster.create(f"/api/v1/namespaces/{namespace}/events", event)
        except ClusterError as error:
            _log.info("an event of %s is lost: %s", event["metadata"]["name"], error)


def make_event(refusal: Refusal, now: datetime) -> Object:
    """The event of a refusal. Pure but for its name."""
    metadata = refusal.owner["metadata"]
    stamp = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": f"{metadata['name'][:200]}.{secrets.token_hex(8)}",
            "namespace": metadata["namespace"],
        },
        "involvedObject": {
            "apiVersion": refusal.owner["apiVersion"],
            "kind": refusal.owner["kind"],
            "namespace": metadata["namespace"],
            "name": metadata["name"],
            "uid": metadata["uid"],
        },
        "reason": REASON,
        "message": f"left out of the region's Prometheus: {refusal.reason}"[:1000],
        "type": "Warning",
        "source": {"component": COMPONENT},
        "reportingComponent": COMPONENT,
        "firstTimestamp": stamp,
        "lastTimestamp": stamp,
        "count": 1,
    }
