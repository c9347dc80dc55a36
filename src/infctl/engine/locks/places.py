"""The lock's places: a Lease in each region's cluster, and the witness where there are two."""

import json
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

from infctl.errors import Conflict, InfctlError, Unmeasured
from infctl.model.fence import SYSTEM
from infctl.model.text import clean
from infctl.ports.cluster import LEASE, NAMESPACE, Cluster, Object
from infctl.ports.lock import Holding, LockSite, Seen
from infctl.ports.world import World

HOLDING = "infctl.dev/lock"
UNREADABLE = "unreadable"
"""The id of a holding that cannot be read: held by nobody knows whom, until it is broken."""
_LONGEST = 8192


def lock_sites(world: World) -> tuple[LockSite, ...]:
    """Every place that keeps the lock of an environment."""
    clusters = tuple(ClusterSite(c, world.environment) for c in world.clusters.values())
    return (*clusters, world.witness) if world.witness is not None else clusters


class ClusterSite:
    """The Lease `infctl-lock-ENVIRONMENT` in infctl-system; versions are resourceVersions."""

    def __init__(self, cluster: Cluster, environment: str) -> None:
        self.name = cluster.region
        self._cluster = cluster
        self._lease = f"infctl-lock-{environment}"

    async def read(self) -> Seen:
        """What the Lease says."""
        found = await self._cluster.read(LEASE, self._lease, SYSTEM)
        return Seen(None, "") if found is None else _seen(found)

    async def write(self, holding: Holding, *, version: str) -> Seen:
        """Create the Lease, or change it if it still is the one that was read."""
        content = _content(holding)
        if not version:
            return _seen(await self._create(content))
        metadata = {"resourceVersion": version, **content["metadata"]}
        patch = {**content, "metadata": metadata}
        return _seen(await self._cluster.merge(LEASE, self._lease, SYSTEM, patch))

    async def _create(self, content: Object) -> Object:
        metadata = {"name": self._lease, "namespace": SYSTEM, **content["metadata"]}
        manifest = {
            "apiVersion": LEASE.api_version,
            "kind": LEASE.kind,
            **content,
            "metadata": metadata,
        }
        try:
            return await self._cluster.create(manifest)
        except (Conflict, Unmeasured):
            raise
        except InfctlError:
            # Before the first deployment there is no namespace for it.
            await self._make_namespace()
        return await self._cluster.create(manifest)

    async def _make_namespace(self) -> None:
        manifest = {
            "apiVersion": NAMESPACE.api_version,
            "kind": NAMESPACE.kind,
            "metadata": {"name": SYSTEM},
        }
        try:
            await self._cluster.create(manifest)
        except Conflict:
            return


def _content(holding: Holding) -> Object:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {
        "metadata": {"annotations": {HOLDING: json.dumps(asdict(holding), sort_keys=True)}},
        "spec": {
            "holderIdentity": "" if holding.free else f"{holding.holder}/{holding.run}",
            "leaseDurationSeconds": max(1, round(holding.duration)),
            "renewTime": now,
        },
    }


def _seen(found: Object) -> Seen:
    metadata = found.get("metadata", {})
    version = str(metadata.get("resourceVersion", ""))
    annotations = metadata.get("annotations")
    text = annotations.get(HOLDING) if isinstance(annotations, dict) else None
    return Seen(read_holding(text), version)


def read_holding(text: Any) -> Holding:
    """A holding from its JSON; whatever else lies there is held by nobody knows whom."""
    try:
        if not isinstance(text, str) or len(text) > _LONGEST:
            raise ValueError("no holding")
        data = json.loads(text)
        wanted = {f.name: f.type for f in fields(Holding)}
        if not isinstance(data, dict) or set(data) != set(wanted):
            raise ValueError("not the fields of a holding")
        for name, kind in wanted.items():
            _check(name, data[name], str(kind))
    except (ValueError, TypeError, RecursionError):
        return Holding(UNREADABLE, "unknown", "unknown", 0, "unknown", 0, 0, 0.0, 15.0)
    texts = {n: clean(data[n], limit=200) for n, k in wanted.items() if str(k) == "str"}
    texts |= {n: clean(data[n], limit=200) for n, k in wanted.items() if k is str}
    return Holding(**{**data, **texts})


def _check(name: str, value: Any, kind: str) -> None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    right = {
        "str": isinstance(value, str),
        "int": isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53,
        "float": is_number and 0 <= value < 1e12,
        "bool": isinstance(value, bool),
    }
    found = next((k for k in right if k in kind), "")
    if not right.get(found, False):
        raise ValueError(f"{name} is not a {kind}")
