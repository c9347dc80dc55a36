"""The controller against a real API server, and Envoy following what users apply there."""

import asyncio
import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from echo_servers import Echo, serve
from gateway_objects import (
    a_backend,
    a_backend_ref,
    a_gateway,
    a_listener,
    a_policy,
    a_route,
    a_rule,
)
from real_control_plane import ControlPlane
from running_envoy import RunningEnvoy, run_envoy, until

from infctl.lab import addresses, locate
from infctl.lab.gateway import certificate_secret
from infctl.lab.gateway.controller import PATHS, Controller
from infctl.lab.gateway.features import FEATURES
from infctl.lab.gateway.objects import ENVOY_GROUP, GROUP, Object

pytestmark = pytest.mark.control_plane
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


@pytest.fixture(scope="module")
def followed(
    control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningEnvoy]:
    """Envoy, whose files a controller writes as the lab's gateway user."""
    number, claim = locate.claim_number()
    state: Path = tmp_path_factory.mktemp("followed")
    with claim, run_envoy(state, number) as envoy:

        async def follow() -> None:
            async with control_plane.cluster("gateway") as cluster:
                await Controller(cluster, envoy.place, envoy.folder).run()

        async def start() -> asyncio.Task[None]:
            return asyncio.create_task(follow())

        async def end(task: asyncio.Task[None]) -> None:
            task.cancel()
            await asyncio.wait([task])

        task = control_plane.run(start())
        try:
            yield envoy
        finally:
            control_plane.run(end(task))


@pytest.fixture
def world(control_plane: ControlPlane, followed: RunningEnvoy, namespace: str) -> World:
    return World(control_plane, followed, namespace)


@pytest.fixture
def servers(followed: RunningEnvoy) -> Iterator[dict[str, Echo]]:
    first = next(_LAST)
    places = {name: f"127.{followed.lab.number}.1.{first + i}" for i, name in enumerate("ab")}
    with serve(*(Echo(name, place) for name, place in places.items())) as found:
        yield found


_LAST = itertools.count(64, 2)


def _route(world: World, *rules: Object, host: str, name: str = "vision") -> Object:
    parent = {"name": "vision", "namespace": world.namespace}
    return a_route(*rules, name=name, hostnames=[host], parentRefs=[parent])


def _host(world: World) -> str:
    return f"{world.namespace}.infctl.test"


def test_the_class_says_what_is_served(world: World, control_plane: ControlPlane) -> None:
    def features() -> list[str]:
        found = json.loads(control_plane.kubectl("get", "gatewayclass", "envoy", "-o", "json"))
        return [f["name"] for f in found.get("status", {}).get("supportedFeatures") or []]

    until(lambda: features() == list(FEATURES), "the class has features")
    said = control_plane.kubectl("wait", "gatewayclass/envoy", "--for=condition=Accepted")
    assert "condition met" in said


def test_what_users_apply_is_served_and_told(world: World, servers: dict[str, Echo]) -> None:
    host = _host(world)
    world.know(*servers.values())
    world.apply("Gateway", a_gateway())
    bad = a_rule(
        a_backend_ref("a"), matches=[{"path": {"type": "RegularExpression", "value": "/(?=x)"}}]
    )
    world.apply("HTTPRoute", _route(world, a_rule(a_backend_ref("a")), bad, host=host))
    world.apply(
        "HTTPRoute", _route(world, a_rule(a_backend_ref("no")), host=f"lost.{host}", name="lost")
    )
    for name, kind, reason in (
        ("vision", "Accepted", "Accepted"),
        ("vision", "ResolvedRefs", "ResolvedRefs"),
        ("vision", "PartiallyInvalid", "UnsupportedValue"),
        ("lost", "ResolvedRefs", "BackendNotFound"),
    ):
        until(
            lambda n=name, k=kind, r=reason: world.reason("HTTPRoute", n, k, "parents") == r,  # type: ignore[misc]
            f"{name} {kind} {reason}",
        )
    until(lambda: world.envoy.ask(host).backend == "a", "the route is served")
    gateway = world.status("Gateway", "vision")
    assert gateway["addresses"] == [{"type": "IPAddress", "value": world.envoy.place.address}]
    assert gateway["listeners"][0]["attachedRoutes"] == 2


def test_a_policy_and_a_backend_say_what_is_not_done(world: World) -> None:
    world.apply("Gateway", a_gateway())
    world.apply("HTTPRoute", _route(world, host=_host(world)))
    world.apply("BackendTrafficPolicy", a_policy("good", retry={"numRetries": 2}))
    world.apply("BackendTrafficPolicy", a_policy("late", retry={"numRetries": 3}))
    odd = a_policy("odd", kind="Gateway", compression=[{"type": "Gzip"}])
    world.apply("BackendTrafficPolicy", odd)
    world.apply("BackendTrafficPolicy", a_policy("lost", to="nothing"))
    wanted = {"good": "Accepted", "late": "Conflicted", "odd": "Invalid", "lost": "TargetNotFound"}

    def reasons() -> dict[str, str]:
        kind = "BackendTrafficPolicy"
        return {n: world.reason(kind, n, "Accepted", "ancestors") for n in wanted}

    until(lambda: reasons() == wanted, f"policies: {reasons()}")
    world.apply("Backend", a_backend("far", ("192.0.2.1", 80)))
    until(lambda: world.reason("Backend", "far", "Accepted") == "Invalid", "the Backend is told")
    message = world.status("Backend", "far")["conditions"][0]["message"]
    assert message == "192.0.2.1 is outside of the lab"


def test_a_weight_change_reaches_clients_at_once(world: World, servers: dict[str, Echo]) -> None:
    host = _host(world)
    world.know(*servers.values())
    world.apply("Gateway", a_gateway())
    refs = [a_backend_ref("a", weight=1), a_backend_ref("b", weight=0)]
    world.apply("HTTPRoute", _route(world, a_rule(*refs), host=host))
    until(lambda: world.envoy.ask(host).backend == "a", "the route is served")
    took = []
    for round_ in range(6):
        on, off = (1, 0) if round_ % 2 else (0, 1)
        wanted = "a" if round_ % 2 else "b"
        change = [
            {"op": "replace", "path": f"/spec/rules/0/backendRefs/{n}/weight", "value": v}
            for n, v in enumerate((on, off))
        ]
        begun = time.monotonic()
        world.patch(world.path_of("HTTPRoute", "vision"), change, "application/json-patch+json")
        until(lambda w=wanted: world.envoy.ask(host).backend == w, "the weights changed")  # type: ignore[misc]
        took.append(round((time.monotonic() - begun) * 1000))
    print(f"weight change to first changed answer, ms: {sorted(took)}")
    assert sorted(took)[len(took) // 2] < 500


def test_a_grant_lets_a_gateway_use_the_labs_certificate(
    world: World, control_plane: ControlPlane
) -> None:
    control_plane.run(certificate_secret.put(control_plane.lab, control_plane.region))
    reference = {"name": certificate_secret.NAME, "namespace": certificate_secret.NAMESPACE}
    tls = a_listener("tls", port=8443, protocol="HTTPS", tls={"certificateRefs": [reference]})
    world.apply("Gateway", a_gateway(tls))

    def resolved() -> str:
        return world.reason("Gateway", "vision", "ResolvedRefs", "listeners")

    until(lambda: resolved() == "RefNotPermitted", "the Secret is not ours to use")
    grant = {
        "apiVersion": f"{GROUP}/v1",
        "kind": "ReferenceGrant",
        "metadata": {"name": world.namespace, "namespace": certificate_secret.NAMESPACE},
        "spec": {
            "from": [{"group": GROUP, "kind": "Gateway", "namespace": world.namespace}],
            "to": [{"group": "", "kind": "Secret", "name": certificate_secret.NAME}],
        },
    }
    file = world.envoy.folder.parent / "grant.json"
    file.write_text(json.dumps(grant))
    control_plane.kubectl("apply", "--server-side", "-f", str(file))
    until(lambda: resolved() == "ResolvedRefs", "the grant is seen")
