"""Weights are changed under load: nobody's request fails, and the split is as the weights say.

INFCTL_WHOLE=1 makes ten changes at 200 requests/s and counts each for a minute; every run makes a
few.
"""

import json
import os
import time

import pytest
from echo_servers import Echo
from gateway_objects import a_backend_ref, a_gateway, a_rule
from gateway_world import World
from running_envoy import until
from steady_load import Seen, SteadyLoad, steady

from infctl.lab import addresses

pytestmark = pytest.mark.control_plane

WHOLE = bool(os.environ.get("INFCTL_WHOLE"))
SHARES = (5, 50, 10, 90, 25, 75, 1, 100, 0, 20) if WHOLE else (50, 0, 25)
RATE, SECONDS = (200.0, 60.0) if WHOLE else (100.0, 1.0)
SETTLED = 0.2
"""Seconds in which Envoy's worker has what its main thread says."""


def change(world: World, share: int) -> None:
    """Give the second backend a share in percent, as infctl's own operation does."""
    patch = [
        {"op": "replace", "path": f"/spec/rules/0/backendRefs/{n}/weight", "value": value}
        for n, value in enumerate((100 - share, share))
    ]
    path = world.path_of("HTTPRoute", "vision")
    world.patch(path, patch, "application/json-patch+json")


def weights(world: World) -> list[int]:
    """Those that Envoy has for the test's route."""
    dump = json.loads(world.envoy.admin("/config_dump?resource=dynamic_route_configs"))
    hosts = [h for c in dump["configs"] for h in c["route_config"]["virtual_hosts"]]
    [ours] = [h for h in hosts if h["name"] == world.host]
    [route] = [r for r in ours["routes"] if "name" in r]
    clusters = route["route"]["weighted_clusters"]["clusters"]
    return [int(c.get("weight", 0)) for c in clusters]


def count(world: World, load: SteadyLoad, share: int) -> list[Seen]:
    """The requests of one share, from when it must be seen."""
    change(world, share)
    until(lambda: weights(world) == [100 - share, share], "Envoy has the weights")
    began = time.monotonic() + SETTLED
    wanted = int(RATE * SECONDS)
    until(lambda: sum(s.began >= began for s in list(load.seen)) >= wanted, "requests", SECONDS * 3)
    return [s for s in list(load.seen) if s.began >= began]


@pytest.mark.timeout(1200)
def test_no_request_is_lost_and_the_split_follows_the_weights(
    world: World, servers: dict[str, Echo]
) -> None:
    world.know(*servers.values())
    world.apply("Gateway", a_gateway())
    refs = [a_backend_ref("a", weight=100), a_backend_ref("b", weight=0)]
    world.apply("HTTPRoute", world.route(a_rule(*refs)))
    until(lambda: world.envoy.ask(world.host).backend == "a", "the route is served")
    url = f"http://{world.envoy.place.bound}:{addresses.GATEWAY_PORT}/v2/models/digits/infer"
    wanted = actual = total = 0.0
    with steady(url, world.host, RATE) as load:
        for share in SHARES:
            seen = count(world, load, share)
            second = sum(s.backend == "b" for s in seen)
            print(f"share {share} %: seen {100 * second / len(seen):.2f} % of {len(seen)}")
            spread = 4 * (share / 100 * (1 - share / 100) / len(seen)) ** 0.5
            assert abs(second / len(seen) - share / 100) <= spread
            wanted, actual, total = (
                wanted + share / 100 * len(seen),
                actual + second,
                total + len(seen),
            )
    failed = [s for s in load.seen if s.status != 200]
    off = 100 * (actual - wanted) / total
    print(f"{len(load.seen)} requests, {len(failed)} failed, off by {off:+.2f} points over all")
    assert failed == []
    assert abs(off) <= (1 if WHOLE else 8)


@pytest.mark.timeout(120)
def test_no_request_is_lost_when_a_backend_comes_and_goes(
    world: World, servers: dict[str, Echo]
) -> None:
    world.know(*servers.values())
    world.apply("Gateway", a_gateway())
    one, two = a_backend_ref("a", weight=1), a_backend_ref("b", weight=1)
    world.apply("HTTPRoute", world.route(a_rule(one)))
    until(lambda: world.envoy.ask(world.host).backend == "a", "the route is served")
    name = f"{world.namespace}/b/8080"
    url = f"http://{world.envoy.place.bound}:{addresses.GATEWAY_PORT}/"
    with steady(url, world.host, 100) as load:
        for _ in range(3 if WHOLE else 1):
            world.apply("HTTPRoute", world.route(a_rule(one, two)))
            until(lambda: any(s.backend == "b" for s in load.seen[-20:]), "b answers")
            world.apply("HTTPRoute", world.route(a_rule(one)))
            until(lambda: name not in world.envoy.admin("/clusters"), "its cluster is gone")
    assert [s for s in load.seen if s.status != 200] == []
