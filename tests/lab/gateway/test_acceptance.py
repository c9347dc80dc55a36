import asyncio

from gateway_objects import a_backend, a_backend_object_ref, a_policy, a_rule
from running_envoy import RunningEnvoy, until

from infctl.lab.gateway import bootstrap
from infctl.lab.gateway.acceptance import Acceptance, judge, read
from infctl.lab.gateway.files import write_resources
from infctl.lab.gateway.sources import file_name

TEXT = """
cluster_manager.cds.update_success: 3
http.ingress.rds.http-8080.update_rejected: 1
http.ingress.rds.http-8080.update_success: 2
"""
ROUTES = "http.ingress.rds.http-8080"


def test_envoys_statistics_are_read_by_source() -> None:
    assert read(TEXT) == {
        "cluster_manager.cds": {"success": 3},
        ROUTES: {"rejected": 1, "success": 2},
    }


def test_a_source_stands_refused_until_it_was_taken() -> None:
    before, refused = read(TEXT), {ROUTES}
    assert judge({}, before, set()) == {ROUTES}
    assert judge(before, before, refused) == refused
    taken = {ROUTES: {"rejected": 1, "success": 3}}
    assert judge(before, taken, refused) == set()
    again = {ROUTES: {"rejected": 2, "success": 2}}
    assert judge(before, again, set()) == {ROUTES}
    assert judge(before, {}, refused) == set()


def test_what_envoy_refuses_is_seen_and_so_is_its_repair(envoy: RunningEnvoy) -> None:
    acceptance = Acceptance(bootstrap.admin(envoy.lab, envoy.region))
    made = envoy.apply()
    asyncio.run(acceptance.refused())
    path = envoy.folder / "routes" / file_name("http-8080")
    broken = path.read_text().replace('"domains"', '"domain"')
    temporary = path.with_suffix(".new")
    temporary.write_text(broken)
    temporary.replace(path)
    until(lambda: asyncio.run(acceptance.refused()) == [ROUTES], "it is refused")
    write_resources(envoy.folder, made)
    until(lambda: asyncio.run(acceptance.refused()) == [], "it is taken")


def test_an_envoy_that_is_gone_refuses_nothing() -> None:
    assert asyncio.run(Acceptance("127.0.0.1:9").refused()) == []
    assert not asyncio.run(Acceptance("127.0.0.1:9").wait_for({"x"}, 5))


def test_a_cluster_is_waited_for_until_its_first_health_check(envoy: RunningEnvoy) -> None:
    acceptance = Acceptance(bootstrap.admin(envoy.lab, envoy.region))
    assert asyncio.run(acceptance.wait_for(set(), 5))
    assert not asyncio.run(acceptance.wait_for({"nobody/knows/1"}, 0.05))
    number = envoy.next_number()
    envoy.put(a_backend("silent", ("127.0.0.1", 9)), kind="backends")
    health = {"active": {"type": "TCP", "timeout": "300ms", "interval": "1s"}}
    envoy.put(a_policy(f"p-{number}", to=f"route-{number}", healthCheck=health), kind="policies")
    envoy.serve(a_rule(a_backend_object_ref("silent")))
    assert asyncio.run(acceptance.wait_for({f"vision/silent/backend@vision/p-{number}"}, 5))
