"""Whatever users write, Envoy takes what is made of it, and the good route beside it is served."""

import asyncio
import base64
import copy
from collections.abc import Iterator
from typing import Any

import pytest
from gateway_objects import (
    NAMESPACE,
    a_backend,
    a_backend_object_ref,
    a_backend_ref,
    a_filter,
    a_gateway,
    a_listener,
    a_path,
    a_policy,
    a_route,
    a_rule,
    a_slice,
    by_key,
    named,
)
from running_envoy import RunningEnvoy, until

from infctl.lab.following import Object
from infctl.lab.gateway import bootstrap
from infctl.lab.gateway.acceptance import Acceptance

A = a_backend_ref("a")
NEWLINE = "x\r\ny: z"


def bad(*rules: Any) -> Object:
    return a_route(*rules, hostnames=["bad.test"], name="bad")


def filtered(kind: str, **spec: Any) -> Object:
    return bad(a_rule(A, filters=[a_filter(kind, **spec)]))


def matched(**match: Any) -> Object:
    return bad(a_rule(A, matches=[match]))


def rewritten(kind: str, value: str) -> Object:
    path = {"type": kind, kind[0].lower() + kind[1:]: value}
    return filtered("URLRewrite", path=path)


def redirected(**spec: Any) -> Object:
    return filtered("RequestRedirect", **spec)


def headed(name: str, value: str) -> Object:
    return filtered("RequestHeaderModifier", set=[{"name": name, "value": value}])


ROUTES = {
    "a header's value with a line break": headed("x-a", NEWLINE),
    "a header's value with a variable of Envoy's": headed("x-a", "%NOSUCH(%"),
    "a pseudo header": headed(":path", "/"),
    "the host": headed("Host", "other"),
    "a name that is none": headed("a b", "c"),
    "an empty value": headed("x-a", ""),
    "a path with a line break": rewritten("ReplaceFullPath", f"/{NEWLINE}"),
    "a path with a query": rewritten("ReplaceFullPath", "/x?y#z"),
    "a prefix that is a pattern": a_route(
        a_rule(
            A,
            matches=[a_path("/a+(b")],
            filters=[
                a_filter(
                    "URLRewrite", path={"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}
                )
            ],
        ),
        hostnames=["bad.test"],
        name="bad",
    ),
    "a redirect to a line break": redirected(
        path={"type": "ReplaceFullPath", "replaceFullPath": "\n"}
    ),
    "a redirect with an odd status": redirected(statusCode=299),
    "a pattern of Perl": matched(**a_path("(?<=a)b", "RegularExpression")),
    "a pattern too large": matched(**a_path("(a{1000}){1000}", "RegularExpression")),
    "a pattern too long": matched(**a_path("a" * 2000, "RegularExpression")),
    "a header of a pattern": matched(
        headers=[{"name": "a", "type": "RegularExpression", "value": "["}]
    ),
    "a query with a nul": matched(queryParams=[{"name": "a", "value": "\0"}]),
    "no weight at all": bad(a_rule({**A, "weight": 0})),
    "a deadline that is none": a_route(
        a_rule(A, timeouts={"request": "-1s"}), hostnames=["bad.test"], name="bad"
    ),
    "more of a mirror than there is": filtered(
        "RequestMirror", backendRef=A, fraction={"numerator": 9, "denominator": 1}
    ),
    "an origin that is a pattern": filtered("CORS", allowOrigins=["https://*.(test"]),
    "a kind of nonsense": bad({"matches": 7}, "rule"),
    "numbers for names": a_route(
        a_rule({"name": 7, "port": "x"}), hostnames=["bad.test"], name="bad"
    ),
}
POLICIES: dict[str, Object] = {
    "no time to connect": {"timeout": {"tcp": {"connectTimeout": "0s"}}},
    "no time between looks": {"healthCheck": {"passive": {"interval": "0s"}}},
    "health checks in no time": {
        "healthCheck": {"active": {"type": "HTTP", "interval": "0s", "http": {"path": "/"}}}
    },
    "health checks by CONNECT": {
        "healthCheck": {"active": {"type": "HTTP", "http": {"path": "/", "method": "CONNECT"}}}
    },
    "a health check of a line break": {
        "healthCheck": {"active": {"type": "HTTP", "http": {"path": f"/{NEWLINE}"}}}
    },
    "pauses the wrong way round": {
        "retry": {"perRetry": {"backOff": {"baseInterval": "2s", "maxInterval": "1s"}}}
    },
    "a hash of nothing": {
        "loadBalancer": {"type": "ConsistentHash", "consistentHash": {"type": "Header"}}
    },
    "a hash of a line break": {
        "loadBalancer": {
            "type": "ConsistentHash",
            "consistentHash": {"type": "Header", "header": {"name": NEWLINE}},
        }
    },
    "no requests": {
        "rateLimit": {
            "type": "Local",
            "local": {"rules": [{"limit": {"requests": 0, "unit": "Hour"}}]},
        }
    },
    "rules of nonsense": {"rateLimit": {"type": "Local", "local": {"rules": "x"}}},
    "a fault with status 100": {"faultInjection": {"abort": {"httpStatus": 100}}},
    "a fault without an end": {"faultInjection": {"delay": {"fixedDelay": "0s"}}},
    "no connections": {"circuitBreaker": {"maxConnections": 0, "maxRequestsPerConnection": 0}},
    "a slow start of nothing": {
        "loadBalancer": {"type": "RoundRobin", "slowStart": {"window": "0s"}}
    },
}


def a_tls_listener(name: str) -> Object:
    tls = {"certificateRefs": [{"name": name}]}
    return a_listener(name, port=8443, protocol="HTTPS", hostname=f"{name}.test", tls=tls)


@pytest.fixture
def taken(envoy: RunningEnvoy, echoes: object) -> Iterator[Acceptance]:
    """What Envoy refuses from now on; the objects are as before afterwards."""
    acceptance = Acceptance(bootstrap.admin(envoy.lab, envoy.region))
    envoy.apply()
    asyncio.run(acceptance.refused())
    before = copy.deepcopy(envoy.objects)
    yield acceptance
    envoy.objects = before
    envoy.apply()


def assert_served(envoy: RunningEnvoy, acceptance: Acceptance) -> None:
    """Envoy took what was written last: a route that came after it is served."""
    host = envoy.serve(a_rule(A))
    until(lambda: envoy.ask(host).backend == "a", "the good route is served")
    assert asyncio.run(acceptance.refused()) == []


@pytest.mark.parametrize("name", ROUTES)
def test_a_hostile_route_takes_no_other_with_it(
    envoy: RunningEnvoy, taken: Acceptance, name: str
) -> None:
    envoy.put(ROUTES[name])
    assert_served(envoy, taken)


@pytest.mark.parametrize("name", POLICIES)
def test_a_hostile_policy_takes_no_route_with_it(
    envoy: RunningEnvoy, taken: Acceptance, name: str
) -> None:
    envoy.put(a_policy("bad", to="bad", **POLICIES[name]), kind="policies")
    envoy.put(bad(a_rule(A)))
    assert_served(envoy, taken)


def test_hostile_backends_and_slices_take_nothing_with_them(
    envoy: RunningEnvoy, taken: Acceptance
) -> None:
    twice = a_backend("twice", ("127.1.2.3", 80), ("127.1.2.3", 80), fallback=True)
    outside = a_backend("outside", ("10.0.0.1", 80))
    envoy.put(twice, outside, named("odd", spec={"endpoints": [7]}), kind="backends")
    slices = [a_slice("a", ("10.0.0.1", True)), a_slice("a", ("fe80::1", True))]
    slices[0]["metadata"]["name"], slices[1]["metadata"]["name"] = "outside", "six"
    slices[1]["addressType"] = "IPv6"
    made = envoy.put(*slices, kind="slices")
    refs = [A, *(a_backend_object_ref(n) for n in ("twice", "outside", "odd"))]
    envoy.put(bad(a_rule(*refs)))
    assert "10.0.0.1" not in str(made.endpoints)
    assert_served(envoy, taken)


def test_a_secret_that_is_no_certificate_takes_no_listener_with_it(
    envoy: RunningEnvoy, taken: Acceptance
) -> None:
    for name, (chain, key) in {"empty": ("", ""), "odd": ("x", "y")}.items():
        data = {"tls.crt": chain, "tls.key": key}
        encoded = {n: base64.b64encode(t.encode()).decode() for n, t in data.items()}
        envoy.objects.secrets.update(by_key(named(name, data=encoded)))
    envoy.objects.secrets.update(by_key(named("nothing"), named("base", data={"tls.crt": "%"})))
    listeners = [
        a_listener(
            n,
            port=8443,
            protocol="HTTPS",
            hostname=f"{n}.test",
            tls={"certificateRefs": [{"name": n}]},
        )
        for n in ("empty", "odd", "nothing", "base")
    ]
    made = envoy.put(a_gateway(*listeners, name="secure"), kind="gateways")
    status = made.statuses.gateways[NAMESPACE, "secure"]
    for listener in status["listeners"]:
        reasons = {c["type"]: c["reason"] for c in listener["conditions"]}
        assert reasons["ResolvedRefs"] == "InvalidCertificateRef"
    assert_served(envoy, taken)
