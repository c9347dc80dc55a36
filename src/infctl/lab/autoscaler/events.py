"""Tells people through Kubernetes' events why something was scaled; losing one is no error."""

import logging
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from infctl.lab.autoscaler.triggers.common import Object
from infctl.lab.cluster import Cluster, ClusterError

COMPONENT = "keda-operator"
_LOG = logging.getLogger(__name__)
_REMEMBERED = 500
_LONGEST = 1000


class Events:
    """Events about ScaledObjects; the same one again counts up the earlier one."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._told: OrderedDict[tuple[str, str, str], tuple[str, int]] = OrderedDict()

    async def tell(
        self, item: Mapping[str, Any], reason: str, message: str, *, is_warning: bool = False
    ) -> None:
        """Say what happened to a ScaledObject."""
        _LOG.info("%s/%s: %s: %s", *_place(item), reason, message)
        key = (str(item["metadata"]["uid"]), reason, message)
        try:
            await self._send(key, _make(item, reason, message, is_warning))
        except ClusterError as error:
            _LOG.warning("event %s is lost: %s", reason, error)

    async def _send(self, key: tuple[str, str, str], event: Object) -> None:
        path = f"/api/v1/namespaces/{event['metadata']['namespace']}/events"
        name, count = self._told.pop(key, ("", 0))
        if name:
            change = {"count": count + 1, "lastTimestamp": event["lastTimestamp"]}
            try:
                await self._cluster.patch(f"{path}/{name}", change)
            except ClusterError as error:
                if error.status != 404:
                    raise
                name = ""
        if not name:
            await self._cluster.create(path, event)
            name, count = event["metadata"]["name"], 0
        self._told[key] = (name, count + 1)
        if len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)


def _place(item: Mapping[str, Any]) -> tuple[str, str]:
    return item["metadata"]["namespace"], item["metadata"]["name"]


def _make(item: Mapping[str, Any], reason: str, message: str, is_warning: bool) -> Object:
    namespace, name = _place(item)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{name[:200]}.{secrets.token_hex(8)}", "namespace": namespace},
        "involvedObject": {
            "apiVersion": item["apiVersion"],
            "kind": item["kind"],
            "namespace": namespace,
            "name": name,
            "uid": item["metadata"]["uid"],
        },
        "reason": reason,
        "message": message[:_LONGEST],
        "type": "Warning" if is_warning else "Normal",
        "source": {"component": COMPONENT},
        "reportingComponent": COMPONENT,
        "reportingInstance": "lab",
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
    }
