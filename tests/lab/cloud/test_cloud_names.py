"""Route 53 through the front: records, health checks, what was observed, and what is answered."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import dns.message
import dns.query
import pytest
from botocore.exceptions import ClientError

from infctl.lab import addresses


class Ready(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        return


@contextmanager
def serving(host: str) -> Iterator[int]:
    with ThreadingHTTPServer((host, 0), Ready) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield int(server.server_address[1])
        server.shutdown()


def closed_port(host: str) -> int:
    with closing(socket.socket()) as found:
        found.bind((host, 0))
        return int(found.getsockname()[1])


def create_check(route53: Any, name: str, **config: Any) -> str:
    made = route53.create_health_check(CallerReference=name, HealthCheckConfig=config)
    return str(made["HealthCheck"]["Id"])


def endpoint(route53: Any, name: str, port: int, **more: Any) -> str:
    config = {"Type": "HTTP", "IPAddress": "127.0.0.1", "Port": port, "RequestInterval": 10}
    return create_check(route53, name, **config, FailureThreshold=1, **more)


def put(route53: Any, zone: str, *sets: dict[str, Any]) -> None:
    changes = [{"Action": "UPSERT", "ResourceRecordSet": found} for found in sets]
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})


def weighted(name: str, identifier: str, value: str, check: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {
        "Name": name,
        "Type": "A",
        "SetIdentifier": identifier,
        "Weight": 100,
        "TTL": 20,
        "ResourceRecords": [{"Value": value}],
    }
    return {**found, "HealthCheckId": check} if check else found


def ask(running: Any, name: str) -> set[str]:
    query = dns.message.make_query(name, "A")
    host = running.lab.shared("dns")
    answer = dns.query.udp(query, host, port=addresses.DNS_PORT, timeout=2)
    return {str(item) for rrset in answer.answer for item in rrset}


def seen(running: Any, name: str, times: int = 40) -> set[str]:
    return {value for _ in range(times) for value in ask(running, name)}


def statuses(route53: Any, check: str) -> list[str]:
    """What the checkers say, once all of them said something."""
    end = time.monotonic() + 10
    while True:
        found = route53.get_health_check_status(HealthCheckId=check)["HealthCheckObservations"]
        if len(found) == 6 or time.monotonic() > end:
            return [seen["StatusReport"]["Status"] for seen in found]
        time.sleep(0.05)


@pytest.fixture(scope="module")
def route53(running: Any) -> Any:
    return running.client("route53")


@pytest.fixture(scope="module")
def zone(route53: Any) -> str:
    made = route53.create_hosted_zone(Name="infctl.test", CallerReference="zone")
    return str(made["HostedZone"]["Id"])


def test_a_record_is_answered_as_soon_as_its_change_is(
    running: Any, route53: Any, zone: str
) -> None:
    for value in ("127.9.9.1", "127.9.9.2"):
        put(route53, zone, weighted("fresh.infctl.test", "x", value))
        assert ask(running, "fresh.infctl.test") == {value}
    gone = {"Action": "DELETE", "ResourceRecordSet": weighted("fresh.infctl.test", "x", value)}
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [gone]})
    assert ask(running, "fresh.infctl.test") == set()


def test_the_checkers_report_what_they_see(running: Any, route53: Any) -> None:
    with serving("127.0.0.1") as port:
        good = endpoint(route53, "reports-good", port)
        assert statuses(route53, good) == ["Success: HTTP Status Code 200, OK"] * 6
    bad = endpoint(route53, "reports-bad", closed_port("127.0.0.1"))
    assert statuses(route53, bad) == ["Failure: Connection refused."] * 6
    found = route53.get_health_check_last_failure_reason(HealthCheckId=bad)
    assert len(found["HealthCheckObservations"]) == 6
    observed = route53.get_health_check_status(HealthCheckId=bad)["HealthCheckObservations"]
    assert len({item["Region"] for item in observed}) == 6
    assert {item["IPAddress"].rsplit(".", 1)[0] for item in observed} == {
        f"127.{running.lab.number}.0"
    }
    for check in (good, bad):
        route53.delete_health_check(HealthCheckId=check)


def test_a_region_leaves_the_answer_by_its_endpoint_and_by_its_switch(
    running: Any, route53: Any, zone: str
) -> None:
    name = "vision.infctl.test"
    with serving("127.0.0.1") as port, serving("127.0.0.1") as there:
        up = endpoint(route53, "vision-up", port)
        down = endpoint(route53, "vision-down", closed_port("127.0.0.1"))
        off = endpoint(route53, "vision-off", there, Inverted=True)
        on = endpoint(route53, "vision-on", closed_port("127.0.0.1"), Inverted=True)
        for leaf in (up, down, off, on):
            statuses(route53, leaf)
        regions = {"127.1.1.1": [up, on], "127.1.1.2": [down, on], "127.1.1.3": [up, off]}
        checks = [
            create_check(
                route53, value, Type="CALCULATED", ChildHealthChecks=leaves, HealthThreshold=2
            )
            for value, leaves in regions.items()
        ]
        put(
            route53,
            zone,
            *(weighted(name, v, v, c) for v, c in zip(regions, checks, strict=True)),
        )
        assert seen(running, name) == {"127.1.1.1"}
        route53.update_health_check(HealthCheckId=off, Inverted=False)
        assert seen(running, name) == {"127.1.1.1", "127.1.1.3"}
        route53.update_health_check(HealthCheckId=up, Inverted=True)
        assert seen(running, name) == set(regions), "all are unhealthy, so all are answered"
        with pytest.raises(ClientError, match="InvalidInput"):
            route53.get_health_check_status(HealthCheckId=checks[0])


def test_what_would_be_answered_can_be_asked_for(route53: Any, zone: str) -> None:
    put(route53, zone, weighted("one.infctl.test", "x", "127.9.9.9"))
    found = route53.test_dns_answer(HostedZoneId=zone, RecordName="one.infctl.test", RecordType="A")
    assert (found["RecordData"], found["ResponseCode"]) == (["127.9.9.9"], "NOERROR")
    missing = route53.test_dns_answer(
        HostedZoneId=zone, RecordName="none.infctl.test", RecordType="A"
    )
    assert (missing["RecordData"], missing["ResponseCode"]) == ([], "NXDOMAIN")


@pytest.mark.parametrize(
    "config",
    [
        {"Type": "HTTP", "IPAddress": "127.0.0.1", "RequestInterval": 20},
        {"Type": "HTTP"},
        {"Type": "CALCULATED", "ChildHealthChecks": []},
    ],
)
def test_what_route_53_refuses_is_not_created(route53: Any, config: dict[str, Any]) -> None:
    before = len(route53.list_health_checks()["HealthChecks"])
    with pytest.raises(ClientError, match="InvalidInput"):
        create_check(route53, "refused", **config)
    assert len(route53.list_health_checks()["HealthChecks"]) == before


def test_a_change_keeps_the_children_that_it_does_not_name(route53: Any) -> None:
    leaf = endpoint(route53, "kept-leaf", 1)
    check = create_check(
        route53, "kept", Type="CALCULATED", ChildHealthChecks=[leaf], HealthThreshold=1
    )
    route53.update_health_check(HealthCheckId=check, HealthThreshold=0)
    config = route53.get_health_check(HealthCheckId=check)["HealthCheck"]["HealthCheckConfig"]
    assert (config["HealthThreshold"], config["ChildHealthChecks"]) == (0, [leaf])


def test_an_unknown_health_check_has_no_status(route53: Any) -> None:
    with pytest.raises(ClientError, match="NoSuchHealthCheck"):
        route53.get_health_check_status(HealthCheckId="nothing")


def test_a_dead_name_service_is_said_and_changes_go_on(
    running: Any, route53: Any, zone: str
) -> None:
    running.stop("dns")
    try:
        put(route53, zone, weighted("late.infctl.test", "x", "127.9.9.3"))
        with pytest.raises(ClientError, match="name service does not answer"):
            route53.test_dns_answer(
                HostedZoneId=zone, RecordName="late.infctl.test", RecordType="A"
            )
    finally:
        running.start("dns")
    assert ask(running, "late.infctl.test") == {"127.9.9.3"}
