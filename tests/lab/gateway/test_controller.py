"""The controller against a real API server, and Envoy following what users apply there."""

import json
import time

import pytest
from echo_servers import Echo
from gateway_objects import (
    a_backend,
    a_backend_ref,
    a_gateway,
    a_listener,
    a_policy,
    a_rule,
)
from gateway_world import World
from real_control_plane import ControlPlane
from running_envoy import until

from infctl.lab.gateway import certificate_secret
from infctl.lab.gateway.features import FEATURES
from infctl.lab.gateway.objects import GROUP

pytestmark = pytest.mark.control_plane


def test_the_class_says_what_is_served(world: World, control_plane: ControlPlane) -> None:
    def features() -> list[str]:
        found = json.loads(control_plane.kubectl("get", "gatewayclass", "envoy", "-o", "json"))
        return [f["name"] for f in found.get("status", {}).get("supportedFeatures") or []]

    until(lambda: features() == list(FEATURES), "the class has features")
    said = control_plane.kubectl("wait", "gatewayclass/envoy", "--for=condition=Accepted")
    assert "condition met" in said


def test_what_users_apply_is_served_and_told(world: World, servers: dict[str, Echo]) -> None:
    host = world.host
    world.know(*servers.values())
    world.apply("Gateway", a_gateway())
    bad = a_rule(
        a_backend_ref("a"), matches=[{"path": {"type": "RegularExpression", "value": "/(?=x)"}}]
    )
    world.apply("HTTPRoute", world.route(a_rule(a_backend_ref("a")), bad))
    world.apply(
        "HTTPRoute", world.route(a_rule(a_backend_ref("no")), host=f"lost.{host}", name="lost")
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
    world.apply("HTTPRoute", world.route())
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
    host = world.host
    world.know(*servers.values())
    world.apply("Gateway", a_gateway())
    refs = [a_backend_ref("a", weight=1), a_backend_ref("b", weight=0)]
    world.apply("HTTPRoute", world.route(a_rule(*refs)))
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
