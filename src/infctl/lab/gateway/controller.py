"""Follows a region's objects and keeps Envoy's files and the objects' conditions as they say."""

import asyncio
import logging
from datetime import UTC, datetime
from pathlib import Path

from infctl.lab.cluster import Cluster, ClusterError
from infctl.lab.gateway.files import write_resources
from infctl.lab.gateway.objects import GROUP, Key, Object, Objects, Place, Resources, key
from infctl.lab.gateway.status import gateway_patch, route_patch
from infctl.lab.gateway.translation import translate

PATHS = {
    "gateways": f"/apis/{GROUP}/v1/gateways",
    "routes": f"/apis/{GROUP}/v1/httproutes",
    "services": "/api/v1/services",
    "slices": "/apis/discovery.k8s.io/v1/endpointslices",
}
DEBOUNCE = 0.02
_log = logging.getLogger(__name__)


class Controller:
    """One region's controller; `run` ends only by cancellation."""

    def __init__(self, cluster: Cluster, place: Place, folder: Path) -> None:
        self._cluster = cluster
        self._place = place
        self._folder = folder
        self._objects = Objects()
        self._listed: set[str] = set()
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Follow all kinds; translate after each burst of changes."""
        (self._folder / "listed").unlink(missing_ok=True)
        async with asyncio.TaskGroup() as tasks:
            for kind in PATHS:
                tasks.create_task(self._follow(kind))
            tasks.create_task(self._translate())

    async def _follow(self, kind: str) -> None:
        store: dict[Key, Object] = getattr(self._objects, kind)
        async for event, item in self._cluster.watch(PATHS[kind]):
            if event == "LISTED":
                store.clear()
                store.update({key(found): found for found in item.get("items") or []})
                self._listed.add(kind)
            elif event == "DELETED":
                store.pop(key(item), None)
            else:
                store[key(item)] = item
            self._changed.set()

    async def _translate(self) -> None:
        while True:
            await self._changed.wait()
            await asyncio.sleep(DEBOUNCE)
            self._changed.clear()
            # An object that was not read yet is not one that is gone.
            if len(self._listed) < len(PATHS):
                continue
            try:
                made = translate(self._objects, self._place, str(self._folder))
            except Exception:
                # What Envoy has stays as it is until the objects can be read again.
                _log.exception("the objects cannot be translated")
                continue
            if written := write_resources(self._folder, made):
                _log.info("wrote %s", ", ".join(written))
            (self._folder / "listed").touch()
            await self._report(made)

    async def _report(self, made: Resources) -> None:
        now = datetime.now(UTC)
        for where, status in made.gateway_status.items():
            if gateway := self._objects.gateways.get(where):
                await self._patch("gateways", where, gateway_patch(gateway, status, now))
        for where, parents in made.route_status.items():
            if route := self._objects.routes.get(where):
                await self._patch("httproutes", where, route_patch(route, parents, now))

    async def _patch(self, plural: str, where: Key, patch: Object | None) -> None:
        if patch is None:
            return
        namespace, name = where
        path = f"/apis/{GROUP}/v1/namespaces/{namespace}/{plural}/{name}/status"
        try:
            await self._cluster.patch(path, patch)
        except ClusterError as error:
            _log.warning("%s %s/%s: %s", plural, namespace, name, error)
            if error.status not in (403, 404):
                asyncio.get_running_loop().call_later(1.0, self._changed.set)
