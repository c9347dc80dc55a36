"""A Lease in a region's cluster as a place that keeps the lock."""

import contextlib
from typing import Any

from infctl.engine.locks.lease_record import lease_name, read_lease, write_lease
from infctl.errors import Conflict, CredentialsError, InfctlError, Unreachable
from infctl.model.fence import CONFIG_MAP_NAME, SYSTEM, granted
from infctl.ports.clock import Clock
from infctl.ports.cluster import CONFIG_MAP, LEASE, Cluster, Object
from infctl.ports.lock import Holding, Seen


class ClusterSite:
    """`infctl-lock-ENVIRONMENT` in `infctl-system`; compare and swap by resourceVersion."""

    def __init__(self, cluster: Cluster, environment: str, clock: Clock) -> None:
        self.name = cluster.region
        self._cluster = cluster
        self._environment = environment
        self._clock = clock

    async def read(self) -> Seen:
        """What the Lease holds now."""
        found = await self._cluster.read(LEASE, lease_name(self._environment), SYSTEM)
        if found is None:
            return Seen(await self._former(), "")
        return _seen(found)

    async def _former(self) -> Holding | None:
        """Where the Lease is gone, the newest fence that was granted here still counts.

        Otherwise the numbers would begin anew, and the cluster refuse every write.
        """
        fence = granted(await self._cluster.read(CONFIG_MAP, CONFIG_MAP_NAME, SYSTEM))
        if not fence:
            return None
        return Holding("", "", "", 0, "", fence, 0, 0.0, 0.0, free=True)

    async def write(self, holding: Holding, *, version: str) -> Seen:
        """Create the Lease, or change it if it still has that version."""
        manifest = write_lease(self._environment, holding, wall=self._clock.wall())
        if not version:
            return _seen(await self._create(manifest))
        manifest["metadata"]["resourceVersion"] = version
        name = manifest["metadata"]["name"]
        return _seen(await self._cluster.merge(LEASE, name, SYSTEM, manifest))

    async def _create(self, manifest: Object) -> Object:
        manifest["spec"] = {k: v for k, v in manifest["spec"].items() if v is not None}
        try:
            return await self._cluster.create(manifest)
        except (Conflict, Unreachable, CredentialsError):
            raise
        except InfctlError:
            # Where nothing was deployed yet there is no namespace.
            await self._make_namespace()
            return await self._cluster.create(manifest)

    async def _make_namespace(self) -> None:
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM}}
        with contextlib.suppress(Conflict):
            await self._cluster.create(namespace)


def _seen(found: dict[str, Any]) -> Seen:
    metadata = found.get("metadata")
    version = metadata.get("resourceVersion") if isinstance(metadata, dict) else None
    return Seen(read_lease(found), str(version or ""))
