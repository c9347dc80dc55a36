import copy
from datetime import UTC, datetime

import pytest
from gateway_objects import (
    HOST,
    KEY,
    a_route,
    some_objects,
)

from infctl.lab.following import Object
from infctl.lab.gateway.durations import seconds
from infctl.lab.gateway.objects import Objects, Place, Resources
from infctl.lab.gateway.status import shared_patch, whole_patch
from infctl.lab.gateway.translation import translate

PLACE = Place("eu-west-1", "127.203.1.2", "127.203.1.17", "/logs/access.log")


def made(objects: Objects) -> Resources:
    return translate(objects, PLACE, "/xds")


def routes_of(resources: Resources) -> list[Object]:
    [configuration] = resources.routes
    hosts = {h["name"]: h for h in configuration["virtual_hosts"]}
    assert hosts[HOST]["domains"] == [HOST]
    found: list[Object] = hosts[HOST]["routes"]
    return found


def conditions(resources: Resources) -> dict[str, tuple[str, str]]:
    [parent] = resources.statuses.routes[KEY]
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


def test_the_listener_logs_json_with_the_contracts_fields() -> None:
    [listener] = made(some_objects()).listeners
    assert listener["address"]["socket_address"] == {"address": "127.203.1.17", "port_value": 8080}
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    assert manager["stat_prefix"] == "ingress"
    fields = manager["access_log"][0]["typed_config"]["log_format"]["json_format"]
    wanted = (
        "start_time duration_ms status method path request_id client region upstream"
        " route model_version flags"
    )
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
    assert (found.listeners, found.statuses.gateways, found.statuses.routes) == ([], {}, {KEY: []})


def test_a_route_from_another_namespace_is_not_allowed_by_default() -> None:
    objects = some_objects()
    route = a_route(parentRefs=[{"name": "vision", "namespace": "vision"}])
    route["metadata"]["namespace"] = "intruder"
    objects.routes = {("intruder", "vision"): route}
    [parent] = made(objects).statuses.routes["intruder", "vision"]
    assert parent["conditions"][0]["reason"] == "NotAllowedByListeners"


def test_status_is_written_only_when_it_changed_and_keeps_its_times() -> None:
    objects, now = some_objects(), datetime(2026, 1, 1, tzinfo=UTC)
    found = made(objects)
    gateway, route = objects.gateways[KEY], objects.routes[KEY]
    first = whole_patch(gateway, found.statuses.gateways[KEY], now)
    second = shared_patch(route, "parents", "parentRef", found.statuses.routes[KEY], now)
    assert first is not None
    assert second is not None
    gateway.update(copy.deepcopy(first))
    route.update(copy.deepcopy(second))
    later = datetime(2026, 1, 2, tzinfo=UTC)
    assert whole_patch(gateway, found.statuses.gateways[KEY], later) is None
    assert shared_patch(route, "parents", "parentRef", found.statuses.routes[KEY], later) is None
    gateway["metadata"]["generation"] = 4
    again = whole_patch(gateway, made(objects).statuses.gateways[KEY], later)
    assert again is not None
    assert again["status"]["conditions"][0]["lastTransitionTime"] == "2026-01-01T00:00:00Z"


def test_other_controllers_parents_are_kept() -> None:
    objects = some_objects()
    other = {"controllerName": "example.com/other", "parentRef": {"name": "x"}, "conditions": []}
    objects.routes[KEY]["status"] = {"parents": [other]}
    wanted = made(objects).statuses.routes[KEY]
    now = datetime(2026, 1, 1, tzinfo=UTC)
    patch = shared_patch(objects.routes[KEY], "parents", "parentRef", wanted, now)
    assert patch is not None
    assert patch["status"]["parents"][0] == other
    assert len(patch["status"]["parents"]) == 2


@pytest.mark.parametrize(
    ("text", "value"), [("2s", 2), ("1m30s", 90), ("250ms", 0.25), ("0s", 0), ("1h", 3600)]
)
def test_durations_are_those_of_gateway_api(text: str, value: float) -> None:
    assert seconds(text) == pytest.approx(value)
