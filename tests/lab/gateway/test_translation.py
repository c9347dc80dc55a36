import copy
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infctl.lab.gateway.files import write_resources
from infctl.lab.gateway.objects import Object, Objects, Place, Resources
from infctl.lab.gateway.rules import seconds
from infctl.lab.gateway.status import gateway_patch, route_patch
from infctl.lab.gateway.translation import translate

PLACE = Place("eu-west-1", "127.203.1.2", "/logs/access.log")
KEY = ("vision", "vision")


def named(name: str, **rest: Any) -> Object:
    metadata = {"name": name, "namespace": "vision", "generation": 3}
    return {"metadata": {**metadata, **rest.pop("metadata", {})}, **rest}


def a_service(name: str) -> Object:
    ports = [{"name": "http", "port": 8080}, {"name": "metrics", "port": 8082}]
    return named(name, spec={"ports": ports})


def a_slice(service: str, *endpoints: tuple[str, bool | None]) -> Object:
    return named(
        f"{service}-1",
        metadata={"labels": {"kubernetes.io/service-name": service}},
        ports=[{"name": "metrics", "port": 8082}, {"name": "http", "port": 8080}],
        endpoints=[{"addresses": [a], "conditions": {"ready": ready}} for a, ready in endpoints],
    )


def a_route(**spec: Any) -> Object:
    rule = {
        "matches": [{"path": {"type": "PathPrefix", "value": "/v2/"}}],
        "backendRefs": [{"name": "vision-stable", "port": 8080, "weight": 1}],
        "timeouts": {"request": "2s"},
    }
    whole = {
        "parentRefs": [{"name": "vision", "sectionName": "http"}],
        "hostnames": ["vision.infctl.test"],
        "rules": [rule],
        **spec,
    }
    return named("vision", spec=whole)


def some_objects() -> Objects:
    listener = {"name": "http", "port": 8080, "protocol": "HTTP"}
    return Objects(
        gateways={
            KEY: named("vision", spec={"gatewayClassName": "envoy", "listeners": [listener]})
        },
        routes={KEY: a_route()},
        services={
            ("vision", "vision-stable"): a_service("vision-stable"),
            ("vision", "vision-canary"): a_service("vision-canary"),
        },
        slices={
            ("vision", "vision-stable-1"): a_slice(
                "vision-stable",
                ("239.203.1.64", True),
                ("239.203.1.65", False),
                ("239.203.1.66", None),
            )
        },
    )


def made(objects: Objects) -> Resources:
    return translate(objects, PLACE, "/xds")


def routes_of(resources: Resources) -> list[Object]:
    [configuration] = resources.routes
    [host] = configuration["virtual_hosts"]
    assert host["domains"] == ["vision.infctl.test"]
    found: list[Object] = host["routes"]
    return found


def conditions(resources: Resources) -> dict[str, tuple[str, str]]:
    [parent] = resources.route_status[KEY]
    return {c["type"]: (c["status"], c["reason"]) for c in parent["conditions"]}


def test_only_ready_endpoints_are_used_at_the_addresses_where_pods_listen() -> None:
    [assignment] = made(some_objects()).endpoints
    addresses = [
        e["endpoint"]["address"]["socket_address"]
        for e in assignment["endpoints"][0]["lb_endpoints"]
    ]
    assert addresses == [
        {"address": "127.203.1.64", "port_value": 8080},
        {"address": "127.203.1.66", "port_value": 8080},
    ]


def test_the_listener_is_at_the_edge_and_logs_json_with_the_contracts_fields() -> None:
    [listener] = made(some_objects()).listeners
    assert listener["address"]["socket_address"] == {"address": "127.203.1.2", "port_value": 8080}
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    assert manager["stat_prefix"] == "ingress"
    fields = manager["access_log"][0]["typed_config"]["log_format"]["json_format"]
    wanted = "start_time duration_ms status method path request_id client region upstream"
    assert set(wanted.split()) <= set(fields)


def test_weights_timeouts_and_one_retry_reach_the_route() -> None:
    objects = some_objects()
    rule = objects.routes[KEY]["spec"]["rules"][0]
    rule["backendRefs"] = [
        {"name": "vision-stable", "port": 8080, "weight": 90},
        {"name": "vision-canary", "port": 8080, "weight": 10},
    ]
    [route] = routes_of(made(objects))
    assert route["match"] == {"path_separated_prefix": "/v2"}
    assert route["route"]["weighted_clusters"]["clusters"] == [
        {"name": "vision/vision-stable/8080", "weight": 90},
        {"name": "vision/vision-canary/8080", "weight": 10},
    ]
    assert route["route"]["timeout"] == "2s"
    assert route["route"]["retry_policy"]["num_retries"] == 1


def test_exact_paths_come_before_longer_and_then_shorter_prefixes() -> None:
    objects = some_objects()
    rule = objects.routes[KEY]["spec"]["rules"][0]
    paths = [("PathPrefix", "/"), ("PathPrefix", "/v2/models"), ("Exact", "/v2")]
    rule["matches"] = [{"path": {"type": kind, "value": value}} for kind, value in paths]
    assert [r["match"] for r in routes_of(made(objects))] == [
        {"path": "/v2"},
        {"path_separated_prefix": "/v2/models"},
        {"prefix": "/"},
    ]


@pytest.mark.parametrize(
    ("change", "kind", "reason"),
    [
        ({"rules": [{"filters": [{"type": "URLRewrite"}]}]}, "Accepted", "UnsupportedValue"),
        (
            {
                "rules": [
                    {
                        "timeouts": {"request": "soon"},
                        "backendRefs": [{"name": "vision-stable", "port": 8080}],
                    }
                ]
            },
            "Accepted",
            "UnsupportedValue",
        ),
        (
            {"rules": [{"backendRefs": [{"name": "x", "port": 1}]}]},
            "ResolvedRefs",
            "BackendNotFound",
        ),
        (
            {"rules": [{"backendRefs": [{"name": "vision-stable", "port": 1}]}]},
            "ResolvedRefs",
            "BackendNotFound",
        ),
        (
            {"rules": [{"backendRefs": [{"name": "x", "port": 1, "namespace": "kube-system"}]}]},
            "ResolvedRefs",
            "RefNotPermitted",
        ),
        (
            {"rules": [{"backendRefs": [{"kind": "Bucket", "name": "x"}]}]},
            "ResolvedRefs",
            "InvalidKind",
        ),
        ({"rules": "nonsense"}, "Accepted", "UnsupportedValue"),
        (
            {"parentRefs": [{"name": "vision", "sectionName": "tls"}]},
            "Accepted",
            "NoMatchingParent",
        ),
    ],
)
def test_what_cannot_be_served_becomes_a_condition(change: Object, kind: str, reason: str) -> None:
    objects = some_objects()
    objects.routes[KEY] = a_route(**change)
    assert conditions(made(objects))[kind][1] == reason


def test_a_bad_route_leaves_the_others_as_they_are() -> None:
    objects = some_objects()
    bad = a_route(rules=[{"matches": [{"path": {"type": "RegularExpression", "value": "("}}]}])
    bad["metadata"]["name"] = "bad"
    objects.routes["vision", "bad"] = bad
    assert routes_of(made(objects)) == routes_of(made(some_objects()))


def test_a_share_without_a_backend_answers_500_and_none_at_all_too() -> None:
    objects = some_objects()
    objects.routes[KEY]["spec"]["rules"][0]["backendRefs"] = [{"name": "gone", "port": 8080}]
    [route] = routes_of(made(objects))
    assert route["route"]["cluster_not_found_response_code"] == "INTERNAL_SERVER_ERROR"
    objects.routes[KEY]["spec"]["rules"][0]["backendRefs"] = []
    assert routes_of(made(objects))[0]["direct_response"] == {"status": 500}


def test_a_gateway_of_another_class_is_left_alone() -> None:
    objects = some_objects()
    objects.gateways[KEY]["spec"]["gatewayClassName"] = "other"
    found = made(objects)
    assert (found.listeners, found.gateway_status, found.route_status) == ([], {}, {})


def test_a_route_from_another_namespace_is_not_allowed_by_default() -> None:
    objects = some_objects()
    route = a_route(parentRefs=[{"name": "vision", "namespace": "vision"}])
    route["metadata"]["namespace"] = "intruder"
    objects.routes = {("intruder", "vision"): route}
    [parent] = made(objects).route_status["intruder", "vision"]
    assert parent["conditions"][0]["reason"] == "NotAllowedByListeners"


def test_an_https_listener_is_refused_and_says_so() -> None:
    objects = some_objects()
    objects.gateways[KEY]["spec"]["listeners"][0]["protocol"] = "HTTPS"
    status = made(objects).gateway_status[KEY]
    assert status["conditions"][1]["status"] == "False"
    assert status["listeners"][0]["conditions"][0]["reason"] == "UnsupportedProtocol"


def test_status_is_written_only_when_it_changed_and_keeps_its_times() -> None:
    objects, now = some_objects(), datetime(2026, 1, 1, tzinfo=UTC)
    found = made(objects)
    gateway, route = objects.gateways[KEY], objects.routes[KEY]
    first = gateway_patch(gateway, found.gateway_status[KEY], now)
    second = route_patch(route, found.route_status[KEY], now)
    assert first is not None
    assert second is not None
    gateway.update(copy.deepcopy(first))
    route.update(copy.deepcopy(second))
    later = datetime(2026, 1, 2, tzinfo=UTC)
    assert gateway_patch(gateway, found.gateway_status[KEY], later) is None
    assert route_patch(route, found.route_status[KEY], later) is None
    gateway["metadata"]["generation"] = 4
    again = gateway_patch(gateway, made(objects).gateway_status[KEY], later)
    assert again is not None
    assert again["status"]["conditions"][0]["lastTransitionTime"] == "2026-01-01T00:00:00Z"


def test_other_controllers_parents_are_kept() -> None:
    objects = some_objects()
    other = {"controllerName": "example.com/other", "parentRef": {"name": "x"}, "conditions": []}
    objects.routes[KEY]["status"] = {"parents": [other]}
    patch = route_patch(
        objects.routes[KEY], made(objects).route_status[KEY], datetime(2026, 1, 1, tzinfo=UTC)
    )
    assert patch is not None
    assert patch["status"]["parents"][0] == other
    assert len(patch["status"]["parents"]) == 2


def test_files_are_written_once_and_replaced_whole(tmp_path: Path) -> None:
    kinds = ["endpoints", "clusters", "routes", "listeners"]
    assert write_resources(tmp_path, made(some_objects())) == kinds
    assert write_resources(tmp_path, made(some_objects())) == []
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(f"{k}.json" for k in kinds)
    assert json.loads((tmp_path / "clusters.json").read_text())["resources"]


@pytest.mark.parametrize(
    ("text", "value"), [("2s", 2), ("1m30s", 90), ("250ms", 0.25), ("0s", 0), ("1h", 3600)]
)
def test_durations_are_those_of_gateway_api(text: str, value: float) -> None:
    assert seconds(text) == pytest.approx(value)
