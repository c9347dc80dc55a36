"""Follows a region's objects and keeps Envoy's files and the objects' conditions as they say."""

import asyncio
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from infctl.lab.cluster import Cluster, ClusterError
from infctl.lab.following import Follower, Key, Object, Store
from infctl.lab.gateway.acceptance import Acceptance
from infctl.lab.gateway.files import retire, write_tables, write_upstreams
from infctl.lab.gateway.objects import (
    ENVOY_GROUP,
    GROUP,
    Objects,
    Place,
    Resources,
    Statuses,
)
from infctl.lab.gateway.reports import refuse
from infctl.lab.gateway.status import shared_patch, whole_patch
from infctl.lab.gateway.translation import translate

_GATEWAY_API = f"/apis/{GROUP}/v1"
_ENVOY_API = f"/apis/{ENVOY_GROUP}/v1alpha1"
PATHS = {
    "classes": f"{_GATEWAY_API}/gatewayclasses",
    "gateways": f"{_GATEWAY_API}/gateways",
    "routes": f"{_GATEWAY_API}/httproutes",
    "grants": f"{_GATEWAY_API}/referencegrants",
    "services": "/api/v1/services",
    "slices": "/apis/discovery.k8s.io/v1/endpointslices",
    "backends": f"{_ENVOY_API}/backends",
    "policies": f"{_ENVOY_API}/backendtrafficpolicies",
    "namespaces": "/api/v1/namespaces",
    "secrets": "/api/v1/secrets",
}
_ONLY = {"secrets": {"fieldSelector": "type=kubernetes.io/tls"}}
DEBOUNCE = 0.02
TAKEN_SECONDS = 0.05
"""In which Envoy has read what was written."""
WARM_SECONDS = 2.0
RETIRE_SECONDS = 2.0
_log = logging.getLogger(__name__)


class Controller:
    """One region's controller; `run` ends only by cancellation."""

    def __init__(self, cluster: Cluster, place: Place, folder: Path, admin: str) -> None:
        """`folder` holds the xDS files, `admin` is the address of Envoy's admin server."""
        self._cluster = cluster
        self._acceptance = Acceptance(admin)
        self._place = place
        self._folder = folder
        self._objects = Objects()
        stores = {kind: getattr(self._objects, kind) for kind in PATHS}
        self._follower = Follower(cluster, PATHS, stores, only=_ONLY)
        self._statuses = Statuses()
        self._told = asyncio.Event()
        self._retirement: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Follow all kinds; translate after each burst of changes."""
        (self._folder / "listed").unlink(missing_ok=True)
        async with asyncio.TaskGroup() as tasks:
            self._follower.start(tasks)
            tasks.create_task(self._translate())
            tasks.create_task(self._tell())

    async def _translate(self) -> None:
        while True:
            await self._follower.settled(DEBOUNCE)
            try:
                made = translate(self._objects, self._place, str(self._folder))
            except Exception:
                # What Envoy has stays as it is until the objects can be read again.
                _log.exception("the objects cannot be translated")
                continue
            await self._write(made)
            (self._folder / "listed").touch()
            self._statuses = made.statuses
            self._told.set()

    async def _tell(self) -> None:
        """Apart from translation: an API server that is slow must not keep Envoy waiting."""
        while True:
            await self._told.wait()
            await asyncio.sleep(TAKEN_SECONDS)
            self._told.clear()
            statuses = self._statuses
            if refused := await self._acceptance.refused():
                _log.error("Envoy refuses %s", ", ".join(refused))
                refuse(statuses, refused)
            await self._report(statuses)

    async def _write(self, made: Resources) -> None:
        written = write_upstreams(self._folder, made)
        if "clusters" in written:
            # A cluster with health checks serves only after their first round.
            await self._acceptance.wait_for({c["name"] for c in made.clusters}, WARM_SECONDS)
        written += write_tables(self._folder, made)
        if not written:
            return
        _log.info("wrote %s", ", ".join(written))
        if self._retirement:
            self._retirement.cancel()
        loop = asyncio.get_running_loop()
        self._retirement = loop.call_later(RETIRE_SECONDS, retire, self._folder, made)

    async def _report(self, statuses: Statuses) -> None:
        for path, patch in patches(self._objects, statuses, datetime.now(UTC)):
            try:
                await self._cluster.patch(path, patch)
            except ClusterError as error:
                _log.warning("%s: %s", path, error)
                if error.status not in (403, 404):
                    self._follower.look_again(1.0)


def patches(objects: Objects, statuses: Statuses, now: datetime) -> Iterator[tuple[str, Object]]:
    """Path and body of each status that is not as wanted."""
    for kind in ("classes", "gateways", "backends"):
        store: Store = getattr(objects, kind)
        for where, status in getattr(statuses, kind).items():
            if item := store.get(where):
                yield from _one(kind, where, whole_patch(item, status, now))
    for kind, field, name in (
        ("routes", "parents", "parentRef"),
        ("policies", "ancestors", "ancestorRef"),
    ):
        store = getattr(objects, kind)
        for where, entries in getattr(statuses, kind).items():
            if item := store.get(where):
                yield from _one(kind, where, shared_patch(item, field, name, entries, now))


def _one(kind: str, where: Key, patch: Object | None) -> Iterator[tuple[str, Object]]:
    if patch is None:
        return
    base, _, plural = PATHS[kind].rpartition("/")
    inside = f"/namespaces/{where[0]}" if where[0] else ""
    yield f"{base}{inside}/{plural}/{where[1]}/status", patch
