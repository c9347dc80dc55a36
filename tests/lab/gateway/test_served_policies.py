"""What BackendTrafficPolicies ask for, on a real Envoy."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from echo_servers import Echo, serve
from gateway_objects import a_backend_ref, a_path, a_policy, a_rule
from running_envoy import Answer, RunningEnvoy, until

from infctl.lab.following import Object

FOUR = ("p1", "p2", "p3", "p4")


@pytest.fixture(scope="module")
def group(envoy: RunningEnvoy) -> Iterator[dict[str, Echo]]:
    """Four servers of one Service."""
    places = {name: f"127.{envoy.lab.number}.1.{80 + i}" for i, name in enumerate(FOUR)}
    with serve(*(Echo(name, place) for name, place in places.items())) as servers:
        envoy.know(*servers.values(), service="group")
        yield servers


@pytest.fixture
def sound(group: dict[str, Echo]) -> Iterator[dict[str, Echo]]:
    """The same, none of which fails before or after."""
    yield group
    for server in group.values():
        server.failing = False
        server.asked.clear()


def serve_under(envoy: RunningEnvoy, policy: Object, **rule: Object) -> str:
    """A route under a policy of its own; returns its hostname."""
    number = envoy.next_number()
    envoy.put(a_policy(f"policy-{number}", to=f"route-{number}", **policy), kind="policies")
    return envoy.serve(a_rule(a_backend_ref("group"), **rule))


def ask_many(envoy: RunningEnvoy, host: str, count: int, path: str = "/") -> list[Answer]:
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda _: envoy.ask(host, path), range(count)))


def test_a_retry_hides_a_server_that_fails(envoy: RunningEnvoy, sound: dict[str, Echo]) -> None:
    sound["p1"].failing = True
    once = {"retryOn": {"httpStatusCodes": [503]}, "numRetries": 1}
    plain = serve_under(envoy, {"retry": {"numRetries": 0}})
    healing = serve_under(envoy, {"retry": once, "loadBalancer": {"type": "RoundRobin"}})
    assert {a.status for a in ask_many(envoy, plain, 24)} == {200, 503}
    assert {a.status for a in ask_many(envoy, healing, 24)} == {200}


def test_the_routes_own_deadline_comes_before_the_policys(
    envoy: RunningEnvoy, sound: dict[str, Echo]
) -> None:
    policy = {"timeout": {"http": {"requestTimeout": "100ms"}}}
    assert envoy.ask(serve_under(envoy, policy), "/?sleep=0.4").status == 504
    host = serve_under(envoy, policy, timeouts={"request": "2s"})
    assert envoy.ask(host, "/?sleep=0.4").status == 200


def test_a_full_circuit_refuses_at_once(envoy: RunningEnvoy, sound: dict[str, Echo]) -> None:
    breaker = {"maxConnections": 1, "maxPendingRequests": 1, "maxParallelRequests": 1}
    host = serve_under(envoy, {"circuitBreaker": breaker, "retry": {"numRetries": 0}})
    begun = time.monotonic()
    statuses = sorted(a.status for a in ask_many(envoy, host, 8, "/?sleep=0.3"))
    assert statuses[0] == 200
    assert statuses[-1] == 503
    assert time.monotonic() - begun < 1.5


def test_a_server_that_fails_in_a_row_is_put_out(
    envoy: RunningEnvoy, sound: dict[str, Echo]
) -> None:
    sound["p1"].failing = True
    passive = {
        "consecutive5XxErrors": 3,
        "interval": "100ms",
        "baseEjectionTime": "30s",
        "maxEjectionPercent": 50,
    }
    policy = {"healthCheck": {"passive": passive}, "retry": {"numRetries": 0}}
    host = serve_under(envoy, {**policy, "loadBalancer": {"type": "RoundRobin"}})
    ask_many(envoy, host, 16)
    until(lambda: "failed_outlier_check" in envoy.admin("/clusters"), "p1 is ejected")
    assert {a.status for a in ask_many(envoy, host, 16)} == {200}


def test_a_rate_limit_refuses_what_is_above_it(envoy: RunningEnvoy, sound: dict[str, Echo]) -> None:
    rules = [{"limit": {"requests": 5, "unit": "Hour"}}]
    host = serve_under(envoy, {"rateLimit": {"type": "Local", "local": {"rules": rules}}})
    statuses = [a.status for a in ask_many(envoy, host, 12)]
    assert (statuses.count(200), statuses.count(429)) == (5, 7)


def test_faults_are_injected_into_their_share(envoy: RunningEnvoy, sound: dict[str, Echo]) -> None:
    abort = {"abort": {"httpStatus": 418, "percentage": 100}}
    assert envoy.ask(serve_under(envoy, {"faultInjection": abort})).status == 418
    delay = {"delay": {"fixedDelay": "200ms", "percentage": 100}}
    begun = time.monotonic()
    assert envoy.ask(serve_under(envoy, {"faultInjection": delay})).status == 200
    assert time.monotonic() - begun > 0.19


def test_requests_of_one_tenant_stay_together(envoy: RunningEnvoy, sound: dict[str, Echo]) -> None:
    by_tenant = {"type": "Header", "header": {"name": "x-tenant"}}
    balancer = {"type": "ConsistentHash", "consistentHash": by_tenant}
    host = serve_under(envoy, {"loadBalancer": balancer})
    for tenant in ("blue", "green", "red"):
        assert len({envoy.ask(host, x_tenant=tenant).backend for _ in range(8)}) == 1


def test_a_policy_of_one_rule_leaves_the_others(
    envoy: RunningEnvoy, sound: dict[str, Echo]
) -> None:
    number = envoy.next_number()
    abort = {"abort": {"httpStatus": 418}}
    policy = a_policy(f"p-{number}", to=f"route-{number}", section="one", faultInjection=abort)
    envoy.put(policy, kind="policies")
    refs = (a_backend_ref("group"),)
    host = envoy.serve(
        a_rule(*refs, name="one", matches=[a_path("/one")]),
        a_rule(*refs, name="two", matches=[a_path("/two")]),
    )
    assert envoy.ask(host, "/one").status == 418
    assert envoy.ask(host, "/two").status == 200
