"""BackendTrafficPolicies: what becomes of each field, and which policy counts where."""

from typing import Any

import pytest
from gateway_objects import a_policy, a_route, a_rule, by_key, some_objects

from infctl.lab.following import Object
from infctl.lab.gateway.objects import Objects, Place, Unsupported
from infctl.lab.gateway.settings import read
from infctl.lab.gateway.translation import translate

PLACE = Place("eu-west-1", "127.203.1.2", "127.203.1.17", "/logs/access.log")


def nested(path: str, value: Any) -> Object:
    """The policy with one field, given by its path."""
    made: Any = value
    for name in reversed(path.split(".")):
        made = {name: made}
    return dict(made)


@pytest.mark.parametrize(
    ("path", "value", "place", "wanted"),
    [
        ("timeout.tcp.connectTimeout", "2s", ("cluster", "connect_timeout"), "2s"),
        ("timeout.http.requestTimeout", "1m", ("timeout",), "60s"),
        (
            "timeout.http.connectionIdleTimeout",
            "5s",
            ("connections", "common_http_protocol_options", "idle_timeout"),
            "5s",
        ),
        (
            "timeout.http.maxStreamDuration",
            "9s",
            ("action", "max_stream_duration", "max_stream_duration"),
            "9s",
        ),
        ("retry.numRetries", 0, ("retry", "num_retries"), 0),
        ("retry.retryOn.triggers", ["5xx", "reset"], ("retry", "retry_on"), "5xx,reset"),
        ("retry.retryOn.httpStatusCodes", [503], ("retry", "retriable_status_codes"), [503]),
        ("retry.perRetry.timeout", "250ms", ("retry", "per_try_timeout"), "0.25s"),
        (
            "retry.perRetry.backOff.maxInterval",
            "1s",
            ("retry", "retry_back_off"),
            {"base_interval": "0.025s", "max_interval": "1s"},
        ),
        ("loadBalancer.type", "RoundRobin", ("cluster", "lb_policy"), "ROUND_ROBIN"),
        (
            "healthCheck.panicThreshold",
            0,
            ("cluster", "common_lb_config"),
            {"healthy_panic_threshold": {"value": 0}},
        ),
        (
            "healthCheck.passive.maxEjectionPercent",
            50,
            ("cluster", "outlier_detection", "max_ejection_percent"),
            50,
        ),
        (
            "healthCheck.passive.alwaysEjectOneEndpoint",
            True,
            ("cluster", "outlier_detection", "always_eject_one_host"),
            True,
        ),
    ],
)
def test_each_field_has_its_place_in_envoy(
    path: str, value: Any, place: tuple[str, ...], wanted: Any
) -> None:
    found: Any = read(nested(path, value))
    for step in place:
        found = found[step] if isinstance(found, dict) else getattr(found, step)
    assert found == wanted


@pytest.mark.parametrize(
    ("field", "bound"),
    [
        ("maxConnections", "max_connections"),
        ("maxPendingRequests", "max_pending_requests"),
        ("maxParallelRequests", "max_requests"),
        ("maxParallelRetries", "max_retries"),
    ],
)
def test_a_bound_leaves_the_others_as_envoy_gateway_has_them(field: str, bound: str) -> None:
    [threshold] = read(nested(f"circuitBreaker.{field}", 7)).cluster["circuit_breakers"][
        "thresholds"
    ]
    assert threshold.pop(bound) == 7
    assert set(threshold.values()) == {1024}


@pytest.mark.parametrize(
    ("spec", "named"),
    [
        (nested("retry.numAttemptsPerPriority", 1), "retry.numAttemptsPerPriority"),
        (nested("retry.retryOn.triggers", ["unavailable"]), "unavailable"),
        (nested("healthCheck.active.type", "GRPC"), "GRPC"),
        (nested("rateLimit.type", "Global"), "Global"),
        (nested("loadBalancer.type", "BackendUtilization"), "BackendUtilization"),
        (nested("compression", [{"type": "Gzip"}]), "compression"),
        (nested("timeout.http.streamIdleTimeout", "1s"), "timeout.http.streamIdleTimeout"),
        (nested("timeout.http.requestTimeout", "soon"), "not a duration"),
        (nested("faultInjection.abort", {"httpStatus": 503, "percentage": 200}), "percentage"),
        ({"loadBalancer": {"type": "Random", "slowStart": {"window": "1s"}}}, "slowStart"),
        (
            {
                "rateLimit": {
                    "type": "Local",
                    "local": {"rules": [{"limit": {}, "clientSelectors": []}]},
                }
            },
            "all clients",
        ),
    ],
)
def test_what_is_not_done_is_named(spec: Object, named: str) -> None:
    with pytest.raises(Unsupported, match=named):
        read(spec)


def with_policies(*policies: Object) -> Objects:
    objects = some_objects()
    objects.policies = by_key(*policies)
    return objects


def reasons(objects: Objects) -> dict[str, str]:
    found = translate(objects, PLACE, "/xds").statuses.policies
    return {name: s["conditions"][0]["reason"] for (_, name), [s] in found.items()}


def test_the_oldest_policy_of_a_target_wins() -> None:
    old = a_policy("z", retry={"numRetries": 4})
    old["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z"
    young = a_policy("a", retry={"numRetries": 5})
    young["metadata"]["creationTimestamp"] = "2026-01-02T00:00:00Z"
    objects = with_policies(young, old)
    assert reasons(objects) == {"a": "Conflicted", "z": "Accepted"}
    assert retries_of(objects) == 4


def test_a_routes_policy_comes_before_its_gateways() -> None:
    wide = a_policy("wide", kind="Gateway", retry={"numRetries": 4})
    assert retries_of(with_policies(wide)) == 4
    assert retries_of(with_policies(wide, a_policy(retry={"numRetries": 5}))) == 5


def test_a_policy_that_cannot_be_done_changes_nothing() -> None:
    objects = with_policies(a_policy(retry={"numRetries": 5}, http2={"maxConcurrentStreams": 1}))
    assert reasons(objects) == {"vision": "Invalid"}
    assert retries_of(objects) == 1


def test_the_gateways_above_its_targets_are_told_of_a_policy() -> None:
    objects = with_policies(a_policy(retry={"numRetries": 5}))
    two = [{"name": "vision", "sectionName": "http"}, {"name": "another's"}]
    objects.routes = by_key(a_route(parentRefs=two))
    [status] = translate(objects, PLACE, "/xds").statuses.policies["vision", "vision"]
    ancestor = status["ancestorRef"]
    assert (ancestor["kind"], ancestor["name"], ancestor["sectionName"]) == (
        "Gateway",
        "vision",
        "http",
    )


def test_clusters_under_different_policies_are_different_ones() -> None:
    objects = with_policies(a_policy(retry={"numRetries": 5}))
    other = a_route(a_rule(), name="other", hostnames=["other.infctl.test"])
    objects.routes.update(by_key(other))
    names = {c["name"] for c in translate(objects, PLACE, "/xds").clusters}
    assert names == {"vision/vision-stable/8080", "vision/vision-stable/8080@vision/vision"}


def retries_of(objects: Objects) -> int:
    [table] = translate(objects, PLACE, "/xds").routes
    [route] = [r for h in table["virtual_hosts"] for r in h["routes"]]
    return int(route["route"]["retry_policy"]["num_retries"])
