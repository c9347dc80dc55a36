"""Each match of HTTPRoutes, on a real Envoy: which of three servers answers."""

import pytest
from gateway_objects import a_backend_ref, a_path, a_rule
from running_envoy import RunningEnvoy

from infctl.lab.following import Object

pytestmark = pytest.mark.usefixtures("echoes")

A, B, C = (a_backend_ref(name) for name in "abc")
Ask = tuple[str, str, dict[str, str]]


def a_header(name: str, value: str, kind: str = "Exact") -> Object:
    return {"type": kind, "name": name, "value": value}


def get(path: str, **headers: str) -> Ask:
    return "GET", path, headers


PATHS = [
    a_rule(A, matches=[a_path("/v2")]),
    a_rule(B, matches=[a_path("/v2/exact", "Exact"), a_path("/v2/longer")]),
    a_rule(C, matches=[a_path("/v2/models/[a-z]+/infer", "RegularExpression")]),
]
HEADERS = [
    a_rule(A, matches=[a_path("/")]),
    a_rule(B, matches=[{"headers": [a_header("version", "two")]}]),
    a_rule(
        C,
        matches=[
            {"headers": [a_header("version", "two"), a_header("color", "o.*", "RegularExpression")]}
        ],
    ),
]
METHODS = [
    a_rule(A, matches=[a_path("/")]),
    a_rule(B, matches=[{"method": "POST"}]),
    a_rule(C, matches=[{**a_path("/x"), "method": "PATCH"}]),
]
QUERIES = [
    a_rule(A, matches=[{"queryParams": [a_header("animal", "whale")]}]),
    a_rule(
        B,
        matches=[
            {
                "queryParams": [
                    a_header("animal", "whale"),
                    a_header("n", "\\d+", "RegularExpression"),
                ]
            }
        ],
    ),
    a_rule(C, matches=[{"queryParams": [a_header("n", "1")], "headers": [a_header("v", "2")]}]),
]


@pytest.mark.parametrize(
    ("rules", "asked"),
    [
        pytest.param(
            PATHS,
            [
                (get("/v2"), "a"),
                (get("/v2/"), "a"),
                (get("/v2/anything?x=1"), "a"),
                (get("/v2x"), ""),
                (get("/v2/exact"), "b"),
                (get("/v2/exact/"), "a"),
                (get("/v2/longer/still"), "b"),
                (get("/v2/models/digits/infer"), "c"),
                (get("/v2/models/9/infer"), "a"),
                (get("/"), ""),
            ],
            id="paths: exact before pattern before longer prefix, by parts between slashes",
        ),
        pytest.param(
            HEADERS,
            [
                (get("/"), "a"),
                (get("/", version="one"), "a"),
                (get("/", Version="two"), "b"),
                (get("/", version="two", color="orange"), "c"),
                (get("/", version="two", color="blue"), "b"),
            ],
            id="headers: all of them, more before fewer",
        ),
        pytest.param(
            METHODS,
            [
                (get("/x"), "a"),
                (("POST", "/x", {}), "b"),
                (("PATCH", "/x", {}), "c"),
                (("PATCH", "/y", {}), "a"),
            ],
            id="methods",
        ),
        pytest.param(
            QUERIES,
            [
                (get("/?animal=whale"), "a"),
                (get("/?animal=whale&n=12"), "b"),
                (get("/?animal=whale&n=x"), "a"),
                (get("/?animal=dolphin"), ""),
                (get("/?n=1", v="2"), "c"),
                (get("/?n=1"), ""),
            ],
            id="query parameters",
        ),
    ],
)
def test_requests_reach_the_backend_of_the_rule_that_takes_precedence(
    envoy: RunningEnvoy, rules: list[Object], asked: list[tuple[Ask, str]]
) -> None:
    host = envoy.serve(*rules)
    seen = [
        ((method, path, headers), envoy.ask(host, path, method, **headers).backend)
        for (method, path, headers), _ in asked
    ]
    assert seen == asked


def test_a_pattern_that_envoy_cannot_read_costs_its_rule_alone(envoy: RunningEnvoy) -> None:
    host = envoy.serve(
        a_rule(A, matches=[a_path("/good")]),
        a_rule(B, matches=[a_path("/(?=bad)", "RegularExpression"), a_path("/readable")]),
    )
    assert envoy.ask(host, "/good").backend == "a"
    assert envoy.ask(host, "/readable").status == 500
    partly = envoy.status()["PartiallyInvalid"]
    assert partly["status"] == "True"
    assert "not a pattern of RE2" in partly["message"]
    assert envoy.status()["Accepted"]["status"] == "True"


def test_weights_share_the_requests(envoy: RunningEnvoy) -> None:
    refs = (
        a_backend_ref("a", weight=1),
        a_backend_ref("b", weight=0),
        a_backend_ref("c", weight=3),
    )
    host = envoy.serve(a_rule(*refs))
    seen = [envoy.ask(host).backend for _ in range(200)]
    assert seen.count("b") == 0
    assert 120 < seen.count("c") < 180


def test_a_share_that_cannot_be_resolved_answers_500(envoy: RunningEnvoy) -> None:
    host = envoy.serve(a_rule(A, a_backend_ref("gone")))
    seen = {envoy.ask(host).status for _ in range(40)}
    assert seen == {200, 500}
    assert envoy.status()["ResolvedRefs"]["reason"] == "BackendNotFound"


def test_a_service_without_endpoints_answers_503(envoy: RunningEnvoy) -> None:
    envoy.know(service="empty")
    host = envoy.serve(a_rule(a_backend_ref("empty")))
    assert envoy.ask(host).status == 503


def test_a_listener_with_a_hostname_keeps_others_routes_out(envoy: RunningEnvoy) -> None:
    before = dict(envoy.objects.gateways)
    gateway = next(iter(before.values()))
    narrow = {**gateway["spec"]["listeners"][0], "name": "narrow", "hostname": "*.narrow.test"}
    changed = {
        **gateway,
        "spec": {**gateway["spec"], "listeners": [*gateway["spec"]["listeners"], narrow]},
    }
    try:
        envoy.put(changed, kind="gateways")
        parent = {"name": "vision", "namespace": "vision"}
        wide = envoy.serve(a_rule(A), hostnames=["x.narrow.test", "x.wide.test"])
        host = "y.narrow.test"
        envoy.serve(a_rule(B), hostnames=[host], parentRefs=[{**parent, "sectionName": "narrow"}])
        assert wide
        assert envoy.ask("x.wide.test").backend == "a"
        assert envoy.ask("x.narrow.test").status == 404
        assert envoy.ask(host).backend == "b"
    finally:
        envoy.objects.gateways.update(before)
        envoy.apply()
