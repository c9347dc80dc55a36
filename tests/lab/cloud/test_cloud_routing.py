"""Latency, geolocation, multivalue and alias records through the cloud's API, as clients see."""

import itertools
from typing import Any

import dns.edns
import dns.message
import dns.query
import pytest

from infctl.lab import addresses
from infctl.lab.dns.places import address_in

ZONE = "routed.test"
US, EU = "127.9.1.1", "127.9.2.1"
_references = itertools.count()


@pytest.fixture(scope="module")
def route53(running: Any) -> Any:
    return running.client("route53")


@pytest.fixture(scope="module")
def zone(route53: Any) -> str:
    made = route53.create_hosted_zone(Name=ZONE, CallerReference=f"routed-{next(_references)}")
    return str(made["HostedZone"]["Id"])


def put(route53: Any, zone: str, name: str, *sets: dict[str, Any]) -> None:
    changes = [
        {"Action": "UPSERT", "ResourceRecordSet": {"Name": f"{name}.{ZONE}", "Type": "A", **found}}
        for found in sets
    ]
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})


def value(identifier: str, address: str, **more: Any) -> dict[str, Any]:
    records = [{"Value": address}]
    return {"SetIdentifier": identifier, "TTL": 20, "ResourceRecords": records, **more}


def alias(identifier: str, zone: str, target: str, **more: Any) -> dict[str, Any]:
    to = {
        "HostedZoneId": zone.rpartition("/")[2],
        "DNSName": f"{target}.{ZONE}",
        "EvaluateTargetHealth": True,
    }
    return {"SetIdentifier": identifier, "AliasTarget": to, **more}


def ask(running: Any, name: str, country: str = "", source: str = "127.0.0.1") -> list[str]:
    options: list[dns.edns.Option] = []
    if country:
        options = [dns.edns.ECSOption(address_in(country), 24)]
    query = dns.message.make_query(f"{name}.{ZONE}", "A", use_edns=0, options=options)
    host = running.lab.shared("dns")
    answer = dns.query.udp(query, host, port=addresses.DNS_PORT, timeout=2, source=source)
    return sorted(str(item) for rrset in answer.answer for item in rrset)


@pytest.fixture(scope="module")
def latency(route53: Any, zone: str) -> str:
    put(
        route53,
        zone,
        "near",
        value("us", US, Region="us-east-1"),
        value("eu", EU, Region="eu-west-1"),
    )
    return "near"


def test_latency_records_answer_by_the_clients_subnet(running: Any, latency: str) -> None:
    assert ask(running, latency, "DE") == [EU]
    assert ask(running, latency, "BR") == [US]


def test_a_client_in_a_region_of_the_lab_is_where_the_region_is(running: Any, latency: str) -> None:
    lab = running.lab
    for region, expected in (("us-east-1", US), ("eu-west-1", EU)):
        source = f"127.{lab.number}.{lab.region(region).number}.200"
        assert ask(running, latency, source=source) == [expected]


def test_geolocation_records_answer_by_country_continent_and_default(
    running: Any, route53: Any, zone: str
) -> None:
    put(
        route53,
        zone,
        "geo",
        value("de", "127.9.3.1", GeoLocation={"CountryCode": "DE"}),
        value("eu", "127.9.3.2", GeoLocation={"ContinentCode": "EU"}),
        value("all", "127.9.3.3", GeoLocation={"CountryCode": "*"}),
    )
    found = {country: ask(running, "geo", country) for country in ("DE", "FR", "JP", "")}
    assert found == {
        "DE": ["127.9.3.1"],
        "FR": ["127.9.3.2"],
        "JP": ["127.9.3.3"],
        "": ["127.9.3.3"],
    }


def test_multivalue_records_answer_together(running: Any, route53: Any, zone: str) -> None:
    put(
        route53,
        zone,
        "many",
        value("a", US, MultiValueAnswer=True),
        value("b", EU, MultiValueAnswer=True),
    )
    assert ask(running, "many") == [US, EU]


def test_a_branch_without_a_healthy_record_is_left(running: Any, route53: Any, zone: str) -> None:
    made = route53.create_health_check(
        CallerReference=f"routed-{next(_references)}",
        HealthCheckConfig={"Type": "CALCULATED", "ChildHealthChecks": [], "HealthThreshold": 1},
    )
    check = made["HealthCheck"]["Id"]
    put(route53, zone, "leaf-eu", value("leaf-1", EU, Weight=1, HealthCheckId=check))
    put(route53, zone, "leaf-us", value("leaf-2", US, Weight=1))
    put(
        route53,
        zone,
        "tree",
        alias("tree-us", zone, "leaf-us", Region="us-east-1"),
        alias("tree-eu", zone, "leaf-eu", Region="eu-west-1"),
    )
    assert ask(running, "tree", "DE") == [US]
    route53.update_health_check(HealthCheckId=check, HealthThreshold=0)
    assert ask(running, "tree", "DE") == [EU]


def test_what_a_client_elsewhere_would_get_can_be_asked_for(
    route53: Any, zone: str, latency: str
) -> None:
    asked = {"HostedZoneId": zone, "RecordName": f"{latency}.{ZONE}", "RecordType": "A"}
    there = route53.test_dns_answer(**asked, EDNS0ClientSubnetIP=address_in("DE"))
    resolver = route53.test_dns_answer(**asked, ResolverIP=address_in("FR"))
    without = route53.test_dns_answer(**asked)
    values = [found["RecordData"] for found in (there, resolver, without)]
    assert values == [[EU], [EU], [US]]
