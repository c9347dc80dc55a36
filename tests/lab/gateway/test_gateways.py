"""Gateways and their listeners, and what refers into other namespaces."""

from base64 import b64encode
from pathlib import Path

import pytest
from gateway_objects import (
    HOST,
    KEY,
    a_backend,
    a_backend_object_ref,
    a_backend_ref,
    a_class,
    a_gateway,
    a_grant,
    a_listener,
    a_route,
    a_rule,
    a_service,
    by_key,
    named,
    some_objects,
)

from infctl.lab import pki
from infctl.lab.following import Object
from infctl.lab.gateway.objects import Objects, Place, Resources
from infctl.lab.gateway.translation import translate
from infctl.lab.spec import Lab, Region

PLACE = Place("eu-west-1", "127.203.1.2", "127.203.1.17", "/logs/access.log")
FOR_TCP = {"kinds": [{"kind": "TCPRoute"}]}
TLS = {"certificateRefs": [{"name": "own"}]}


def made(objects: Objects) -> Resources:
    return translate(objects, PLACE, "/xds")


def with_gateway(*listeners: Object, **spec: object) -> Objects:
    objects = some_objects()
    objects.gateways = by_key(a_gateway(*listeners, **spec))  # type: ignore[arg-type]
    return objects


def reasons(conditions: list[Object]) -> dict[str, tuple[str, str]]:
    return {c["type"]: (c["status"], c["reason"]) for c in conditions}


@pytest.mark.parametrize(
    ("listener", "kind", "reason"),
    [
        (a_listener(protocol="TCP"), "Accepted", "UnsupportedProtocol"),
        (a_listener(port=80), "Accepted", "PortUnavailable"),
        (a_listener(protocol="HTTPS"), "ResolvedRefs", "InvalidCertificateRef"),
        (a_listener(protocol="HTTPS", tls=TLS), "ResolvedRefs", "InvalidCertificateRef"),
        (a_listener(protocol="HTTPS", tls={"mode": "Passthrough"}), "Accepted", "UnsupportedValue"),
        (
            a_listener(allowedRoutes={"kinds": [{"kind": "TCPRoute"}]}),
            "ResolvedRefs",
            "InvalidRouteKinds",
        ),
    ],
)
def test_a_listener_that_is_not_served_says_why(listener: Object, kind: str, reason: str) -> None:
    status = made(with_gateway(listener)).statuses.gateways[KEY]
    assert reasons(status["listeners"][0]["conditions"])[kind] == ("False", reason)
    assert reasons(status["listeners"][0]["conditions"])["Programmed"] == ("False", "Invalid")
    assert reasons(status["conditions"])["Accepted"] == ("False", "ListenersNotValid")
    assert reasons(status["conditions"])["Programmed"] == ("False", "Invalid")


def test_one_good_listener_is_enough_for_a_gateway() -> None:
    objects = with_gateway(a_listener(), a_listener("raw", port=9000, protocol="TCP"))
    status = made(objects).statuses.gateways[KEY]
    assert reasons(status["conditions"])["Accepted"] == ("True", "ListenersNotValid")
    assert reasons(status["conditions"])["Programmed"] == ("True", "Programmed")
    assert [entry["attachedRoutes"] for entry in status["listeners"]] == [1, 0]


def a_certificate(folder: Path) -> Object:
    lab = Lab("own", 203, folder, (Region("eu-west-1", 1),))
    pki.ensure_authority(lab)
    chain, key = pki.issue(lab, "own", common_name="own")
    files = {"tls.crt": chain, "tls.key": key}
    data = {name: b64encode(path.read_bytes()).decode() for name, path in files.items()}
    return named("own", data=data)


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        (a_listener(), a_listener(protocol="HTTPS", tls=TLS), "ProtocolConflict"),
        (
            a_listener(port=8443, protocol="HTTPS", tls=TLS),
            a_listener(port=8443, protocol="HTTPS", tls=TLS),
            "HostnameConflict",
        ),
    ],
)
def test_a_port_or_a_name_with_tls_is_the_older_gateways(
    tmp_path: Path, first: Object, second: Object, reason: str
) -> None:
    objects = with_gateway(first)
    objects.secrets = by_key(a_certificate(tmp_path))
    young = a_gateway(second, name="young")
    young["metadata"]["creationTimestamp"] = "2026-01-02T00:00:00Z"
    objects.gateways.update(by_key(young))
    statuses = made(objects).statuses.gateways
    [listener] = statuses["vision", "young"]["listeners"]
    assert reasons(listener["conditions"])["Conflicted"] == ("True", reason)
    [listener] = statuses[KEY]["listeners"]
    assert reasons(listener["conditions"])["Conflicted"] == ("False", "NoConflicts")


def test_a_listener_without_a_certificate_takes_no_name(tmp_path: Path) -> None:
    broken = {"certificateRefs": [{"name": "missing"}]}
    objects = with_gateway(a_listener(port=8443, protocol="HTTPS", tls=broken))
    objects.secrets = by_key(a_certificate(tmp_path))
    young = a_gateway(a_listener(port=8443, protocol="HTTPS", tls=TLS), name="young")
    young["metadata"]["creationTimestamp"] = "2026-01-02T00:00:00Z"
    objects.gateways.update(by_key(young))
    [listener] = made(objects).statuses.gateways["vision", "young"]["listeners"]
    assert reasons(listener["conditions"])["Programmed"] == ("True", "Programmed")


def test_an_address_that_is_not_the_labs_is_not_programmed() -> None:
    objects = with_gateway(addresses=[{"type": "IPAddress", "value": "192.0.2.1"}])
    status = made(objects).statuses.gateways[KEY]
    assert reasons(status["conditions"])["Programmed"] == ("False", "AddressNotUsable")


def test_another_controllers_class_is_left_alone() -> None:
    objects = some_objects()
    objects.classes = by_key(a_class("envoy", "example.com/other"), a_class("mine"))
    found = made(objects)
    assert (found.listeners, found.statuses.gateways) == ([], {})
    assert list(found.statuses.classes) == [("", "mine")]


def selecting(*expressions: Object) -> Object:
    return {"from": "Selector", "selector": {"matchExpressions": list(expressions)}}


@pytest.mark.parametrize(
    ("namespaces", "reason"),
    [
        ({"from": "Same"}, "NotAllowedByListeners"),
        ({"from": "All"}, "Accepted"),
        ({"from": "Selector", "selector": {"matchLabels": {"team": "a"}}}, "Accepted"),
        ({"from": "Selector", "selector": {"matchLabels": {"team": "b"}}}, "NotAllowedByListeners"),
        (
            {
                "from": "Selector",
                "selector": {
                    "matchExpressions": [{"key": "team", "operator": "In", "values": ["a"]}]
                },
            },
            "Accepted",
        ),
        (
            {
                "from": "Selector",
                "selector": {"matchExpressions": [{"key": "team", "operator": "DoesNotExist"}]},
            },
            "NotAllowedByListeners",
        ),
    ],
)
def test_routes_of_other_namespaces_come_as_the_listener_allows(
    namespaces: Object, reason: str
) -> None:
    objects = with_gateway(a_listener(allowedRoutes={"namespaces": namespaces}))
    labels = {"metadata": {"name": "guest", "labels": {"team": "a"}}}
    objects.namespaces = by_key(labels)
    objects.routes = by_key(a_route(namespace="guest"))
    [parent] = made(objects).statuses.routes["guest", "vision"]
    assert reasons(parent["conditions"])["Accepted"][1] == reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"sectionName": "none"}, "NoMatchingParent"),
        ({"port": 9}, "NoMatchingParent"),
        ({"port": 8080}, "Accepted"),
    ],
)
def test_a_parent_is_named_by_section_and_port(change: Object, reason: str) -> None:
    objects = some_objects()
    objects.routes = by_key(a_route(parentRefs=[{"name": "vision", **change}]))
    [parent] = made(objects).statuses.routes[KEY]
    assert reasons(parent["conditions"])["Accepted"][1] == reason


@pytest.mark.parametrize(
    ("bound", "wanted", "served"),
    [
        ("*.infctl.test", [HOST, "other.example"], [HOST]),
        (HOST, ["*.infctl.test"], [HOST]),
        ("*.infctl.test", [], ["*.infctl.test"]),
        ("other.example", [HOST], []),
    ],
)
def test_hostnames_are_what_listener_and_route_have_in_common(
    bound: str, wanted: list[str], served: list[str]
) -> None:
    objects = with_gateway(a_listener(hostname=bound))
    objects.routes = by_key(a_route(hostnames=wanted))
    [table] = made(objects).routes
    assert [h["name"] for h in table["virtual_hosts"] if h["routes"]] == served
    if not served:
        [parent] = made(objects).statuses.routes[KEY]
        assert reasons(parent["conditions"])["Accepted"][1] == "NoMatchingListenerHostname"


@pytest.mark.parametrize(
    ("grants", "reason"),
    [
        ([], "RefNotPermitted"),
        ([a_grant("shared", "HTTPRoute", "Service")], "ResolvedRefs"),
        ([a_grant("shared", "HTTPRoute", "Service", name="model")], "ResolvedRefs"),
        ([a_grant("shared", "HTTPRoute", "Service", name="other")], "RefNotPermitted"),
        ([a_grant("shared", "Gateway", "Service")], "RefNotPermitted"),
        ([a_grant("vision", "HTTPRoute", "Service")], "RefNotPermitted"),
    ],
)
def test_a_grant_where_the_service_is_lets_a_route_use_it(
    grants: list[Object], reason: str
) -> None:
    objects = some_objects()
    objects.services.update(by_key(a_service("model", "shared")))
    objects.grants = by_key(*grants)
    objects.routes = by_key(a_route(a_rule(a_backend_ref("model", namespace="shared"))))
    [parent] = made(objects).statuses.routes[KEY]
    assert reasons(parent["conditions"])["ResolvedRefs"][1] == reason


@pytest.mark.parametrize(
    ("backend", "reason"),
    [
        (a_backend("far", ("127.203.2.2", 8080)), "Accepted"),
        (a_backend("far", ("239.203.2.64", 8080)), "Accepted"),
        (a_backend("far", ("10.0.0.1", 8080)), "Invalid"),
        (a_backend("far", ("elsewhere", 8080)), "Invalid"),
        (
            named("far", spec={"endpoints": [{"fqdn": {"hostname": "x.test", "port": 80}}]}),
            "Invalid",
        ),
        (named("far", spec={"type": "DynamicResolver"}), "Invalid"),
        (named("far", spec={}), "Invalid"),
        (
            a_backend("far", ("127.203.2.2", 8080), appProtocols=["gateway.envoyproxy.io/wss"]),
            "Invalid",
        ),
        (a_backend("far", ("127.203.2.2", 8080), tls={"sni": "x"}), "Invalid"),
    ],
)
def test_a_backend_leads_to_addresses_of_labs_alone(backend: Object, reason: str) -> None:
    objects = some_objects()
    objects.backends = by_key(backend)
    objects.routes = by_key(a_route(a_rule(a_backend_object_ref("far"))))
    found = made(objects)
    assert reasons(found.statuses.backends["vision", "far"]["conditions"])["Accepted"][1] == reason
    [parent] = found.statuses.routes[KEY]
    wanted = "ResolvedRefs" if reason == "Accepted" else "BackendNotFound"
    assert reasons(parent["conditions"])["ResolvedRefs"][1] == wanted


def test_a_route_that_left_a_gateway_is_said_nothing_of() -> None:
    objects = some_objects()
    objects.routes = by_key(a_route(parentRefs=[{"name": "other"}]))
    assert made(objects).statuses.routes == {KEY: []}
