"""A real API server, a controller and Envoy: objects are applied as users do it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from echo_servers import Echo
from gateway_objects import a_route
from real_control_plane import ControlPlane
from running_envoy import RunningEnvoy, run_envoy

from infctl.lab import addresses, locate
from infctl.lab.following import Object
from infctl.lab.gateway import bootstrap
from infctl.lab.gateway.controller import PATHS, Controller
from infctl.lab.gateway.objects import ENVOY_GROUP, GROUP

API = {
    "Gateway": (f"{GROUP}/v1", PATHS["gateways"]),
    "HTTPRoute": (f"{GROUP}/v1", PATHS["routes"]),
    "ReferenceGrant": (f"{GROUP}/v1", PATHS["grants"]),
    "Backend": (f"{ENVOY_GROUP}/v1alpha1", PATHS["backends"]),
    "BackendTrafficPolicy": (f"{ENVOY_GROUP}/v1alpha1", PATHS["policies"]),
    "Service": ("v1", PATHS["services"]),
    "EndpointSlice": ("discovery.k8s.io/v1", PATHS["slices"]),
}


class World:
    """An API server, a controller and Envoy; objects are applied as a user does it."""

    def __init__(self, plane: ControlPlane, envoy: RunningEnvoy, namespace: str) -> None:
        self.plane = plane
        self.envoy = envoy
        self.namespace = namespace

    def apply(self, kind: str, item: Object) -> None:
        """Server-side apply in the test's namespace."""
        version, path = API[kind]
        name = item["metadata"]["name"]
        body = {**item, "apiVersion": version, "kind": kind, "metadata": {"name": name}}
        if labels := item["metadata"].get("labels"):
            body["metadata"]["labels"] = labels
        self.plane.run(self._apply(self._path(path, name), body))

    def patch(self, path: str, body: Any, content_type: str) -> None:
        """Patch an object by its path."""
        self.plane.run(self._patch(path, body, content_type))

    def status(self, kind: str, name: str) -> Object:
        """An object's status as the API server has it."""
        found: Object = self.plane.run(self._get(self._path(API[kind][1], name)))
        return dict(found.get("status") or {})

    def reason(self, kind: str, name: str, condition: str, list_name: str = "") -> str:
        """The reason of a condition, empty where it is not there yet."""
        status = self.status(kind, name)
        holders = status.get(list_name) or [] if list_name else [status]
        found = [c for h in holders for c in h.get("conditions") or [] if c["type"] == condition]
        return str(found[0]["reason"]) if found else ""

    def know(self, *servers: Echo) -> None:
        """Services and EndpointSlices of servers, by hand: there are no pods."""
        for server in servers:
            ports = [{"name": "http", "port": server.port}]
            spec = {"metadata": {"name": server.name}, "spec": {"ports": ports}}
            self.apply("Service", spec)
            self.apply(
                "EndpointSlice",
                {
                    "metadata": {
                        "name": server.name,
                        "labels": {"kubernetes.io/service-name": server.name},
                    },
                    "addressType": "IPv4",
                    "ports": ports,
                    "endpoints": [{"addresses": [addresses.known_as(server.address)]}],
                },
            )

    def route(self, *rules: Object, host: str = "", name: str = "vision") -> Object:
        """A route of this namespace's Gateway."""
        parent = {"name": "vision", "namespace": self.namespace}
        return a_route(*rules, name=name, hostnames=[host or self.host], parentRefs=[parent])

    @property
    def host(self) -> str:
        """A hostname that no other test has."""
        return f"{self.namespace}.infctl.test"

    def path_of(self, kind: str, name: str) -> str:
        """The path of an object of this namespace."""
        return self._path(API[kind][1], name)

    def _path(self, path: str, name: str) -> str:
        base, _, plural = path.rpartition("/")
        return f"{base}/namespaces/{self.namespace}/{plural}/{name}"

    async def _apply(self, path: str, body: Object) -> None:
        async with self.plane.cluster() as cluster:
            await cluster.apply(path, body, manager="test")

    async def _patch(self, path: str, body: Any, content_type: str) -> None:
        async with self.plane.cluster() as cluster:
            await cluster.patch(path, body, content_type=content_type)

    async def _get(self, path: str) -> Object:
        async with self.plane.cluster() as cluster:
            return await cluster.get(path)


@contextmanager
def run_followed(plane: ControlPlane, state: Path) -> Iterator[RunningEnvoy]:
    """Envoy, whose files a controller writes as the lab's gateway user."""
    number, claim = locate.claim_number()
    with claim, run_envoy(state, number) as envoy:

        async def follow() -> None:
            async with plane.cluster("gateway") as cluster:
                admin = bootstrap.admin(envoy.lab, envoy.region)
                await Controller(cluster, envoy.place, envoy.folder, admin).run()

        async def start() -> asyncio.Task[None]:
            return asyncio.create_task(follow())

        async def end(task: asyncio.Task[None]) -> None:
            task.cancel()
            await asyncio.wait([task])

        task = plane.run(start())
        try:
            yield envoy
        finally:
            plane.run(end(task))
