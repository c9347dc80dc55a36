"""Which health checks Route 53 accepts."""

from typing import Any

import pytest

from infctl.lab.cloud.health_check_rules import find_fault, find_fault_in_change

GOOD: dict[str, Any] = {
    "Type": "HTTP",
    "IPAddress": "127.16.1.2",
    "Port": "8080",
    "ResourcePath": "/v2/health/ready",
    "RequestInterval": "10",
    "FailureThreshold": "3",
}
CALCULATED: dict[str, Any] = {
    "Type": "CALCULATED",
    "ChildHealthChecks": ["a", "b"],
    "HealthThreshold": "2",
}

ACCEPTED: dict[str, dict[str, Any]] = {
    "an endpoint": GOOD,
    "all defaults": {"Type": "HTTP", "FullyQualifiedDomainName": "a.test"},
    "a calculated one": CALCULATED,
    "a calculated one that is always healthy": {**CALCULATED, "HealthThreshold": "0"},
    "the slow interval": {**GOOD, "RequestInterval": "30"},
    "the largest threshold": {**GOOD, "FailureThreshold": "10"},
    "an IPv6 address": {**GOOD, "IPAddress": "2001:db8::1"},
    "a string": {**GOOD, "Type": "HTTP_STR_MATCH", "SearchString": "ready"},
    "TCP": {"Type": "TCP", "IPAddress": "127.0.0.1", "Port": "1"},
    "three regions": {**GOOD, "Regions": ["us-east-1", "eu-west-1", "sa-east-1"]},
}

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no type": ({"IPAddress": "127.0.0.1"}, "Type"),
    "a type that is not checked here": ({**GOOD, "Type": "CLOUDWATCH_METRIC"}, "Type"),
    "an interval between": ({**GOOD, "RequestInterval": "15"}, "RequestInterval"),
    "an interval below": ({**GOOD, "RequestInterval": "1"}, "RequestInterval"),
    "a word as interval": ({**GOOD, "RequestInterval": "fast"}, "RequestInterval"),
    "threshold zero": ({**GOOD, "FailureThreshold": "0"}, "FailureThreshold"),
    "threshold eleven": ({**GOOD, "FailureThreshold": "11"}, "FailureThreshold"),
    "a negative threshold": ({**GOOD, "FailureThreshold": "-1"}, "FailureThreshold"),
    "digits of another script": ({**GOOD, "FailureThreshold": "\u0663"}, "FailureThreshold"),
    "port zero": ({**GOOD, "Port": "0"}, "Port"),
    "a port too high": ({**GOOD, "Port": "65536"}, "Port"),
    "a long path": ({**GOOD, "ResourcePath": "/" * 256}, "ResourcePath"),
    "no address": ({"Type": "HTTP", "Port": "80"}, "IPAddress"),
    "a name as address": ({**GOOD, "IPAddress": "a.test"}, "IPAddress"),
    "TCP without port": ({"Type": "TCP", "IPAddress": "127.0.0.1"}, "Port"),
    "no string to match": ({**GOOD, "Type": "HTTP_STR_MATCH"}, "SearchString"),
    "a string not asked for": ({**GOOD, "SearchString": "x"}, "SearchString"),
    "a calculated one with an address": ({**CALCULATED, "Port": "80"}, "Port"),
    "a calculated one without threshold": (
        {"Type": "CALCULATED", "ChildHealthChecks": ["a"]},
        "HealthThreshold",
    ),
    "too many children": ({**CALCULATED, "ChildHealthChecks": ["a"] * 257}, "ChildHealthChecks"),
    "children of an endpoint": ({**GOOD, "ChildHealthChecks": ["a"]}, "ChildHealthChecks"),
    "two regions": ({**GOOD, "Regions": ["us-east-1", "eu-west-1"]}, "Regions"),
    "the same region thrice": ({**GOOD, "Regions": ["us-east-1"] * 3}, "Regions"),
    "a region without checkers": (
        {**GOOD, "Regions": ["us-east-1", "eu-west-1", "eu-central-1"]},
        "Regions",
    ),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_route_53_accepts_is_accepted(name: str) -> None:
    assert find_fault(ACCEPTED[name]) == ""


@pytest.mark.parametrize("name", REFUSED)
def test_what_route_53_refuses_is_refused_with_the_elements_name(name: str) -> None:
    config, element = REFUSED[name]
    assert element in find_fault(config)


def test_a_change_is_judged_by_what_it_changes() -> None:
    assert find_fault_in_change({"Inverted": "true"}) == ""
    assert find_fault_in_change({"HealthThreshold": "3"}) == ""
    assert "FailureThreshold" in find_fault_in_change({"FailureThreshold": "99"})
