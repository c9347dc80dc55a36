"""Fallbacks in other regions take what a region's own endpoints cannot, on a real Envoy."""

import itertools
from collections.abc import Iterator

import pytest
from echo_servers import Echo, serve
from gateway_objects import a_backend, a_backend_object_ref, a_backend_ref, a_policy, a_rule
from running_envoy import RunningEnvoy, until

_CHECK = {
    "type": "HTTP",
    "timeout": "1s",
    "interval": "100ms",
    "unhealthyThreshold": 1,
    "healthyThreshold": 1,
    "http": {"path": "/health"},
}
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def regions(envoy: RunningEnvoy) -> Iterator[dict[str, Echo]]:
    """Four servers of our region, and another region's gateway."""
    own = [Echo(f"own{i}", f"127.{envoy.lab.number}.1.{100 + i}") for i in range(4)]
    other = Echo("other", f"127.{envoy.lab.number}.2.2")
    with serve(*own, other) as servers:
        envoy.know(*own, service="own")
        yield servers


@pytest.fixture(scope="module")
def host(envoy: RunningEnvoy, regions: dict[str, Echo]) -> str:
    """A route to our region whose fallback is the other one."""
    number = envoy.next_number()
    where = (regions["other"].address, regions["other"].port)
    envoy.put(a_backend("elsewhere", where, fallback=True), kind="backends")
    health = {"active": _CHECK, "panicThreshold": 0}
    policy = a_policy(f"p-{number}", to=f"route-{number}", healthCheck=health)
    envoy.put(policy, kind="policies")
    return envoy.serve(a_rule(a_backend_ref("own"), a_backend_object_ref("elsewhere")))


@pytest.mark.parametrize(
    ("dead", "share"),
    [(0, 0.0), (1, 0.0), (2, 0.3), (3, 0.65), (4, 1.0)],
)
def test_the_share_of_others_follows_envoys_arithmetic(
    envoy: RunningEnvoy, regions: dict[str, Echo], host: str, dead: int, share: float
) -> None:
    own = [server for name, server in regions.items() if name != "other"]
    for number, server in enumerate(own):
        server.failing = number < dead
    until(lambda: _unhealthy(envoy) == dead, f"{dead} are seen as dead")
    # Envoy tells its workers of such changes once a second.
    until(lambda: {envoy.ask(host).status for _ in range(30)} == {200}, "the worker knows it")
    answers = [envoy.ask(host) for _ in range(300)]
    assert {a.status for a in answers} == {200}
    seen = sum(a.backend == "other" for a in answers) / len(answers)
    assert seen == pytest.approx(share, abs=0.12 if 0 < share < 1 else 0)


def _unhealthy(envoy: RunningEnvoy) -> int:
    lines = envoy.admin("/clusters").splitlines()
    ours = [line for line in lines if line.startswith("vision/own/8080+")]
    return sum("/failed_active_hc" in line for line in ours)


def test_without_endpoints_of_its_own_a_region_sends_all_elsewhere(
    envoy: RunningEnvoy, regions: dict[str, Echo]
) -> None:
    envoy.know(service="nobody")
    host = envoy.serve(a_rule(a_backend_ref("nobody"), a_backend_object_ref("elsewhere")))
    assert {envoy.ask(host).backend for _ in range(10)} == {"other"}
    answer = envoy.ask(host, "/?region=us-east-1")
    assert answer.headers["x-infctl-region"] == "us-east-1"
    assert regions["other"].asked["/"] >= 10
