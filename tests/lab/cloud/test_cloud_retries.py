"""Requests that are sent again, or late: Route 53's caller references and versions."""

import itertools
from typing import Any

import pytest
from botocore.exceptions import ClientError

_names = itertools.count(1)
CHECK = {
    "Type": "HTTP_STR_MATCH",
    "IPAddress": "127.0.0.1",
    "Port": 1,
    "RequestInterval": 10,
    "FailureThreshold": 1,
    "SearchString": "ok",
}


@pytest.fixture(scope="module")
def route53(running: Any) -> Any:
    return running.client("route53")


@pytest.fixture
def reference() -> str:
    return f"retried-{next(_names)}"


def make(route53: Any, reference: str, **more: Any) -> dict[str, Any]:
    made = route53.create_health_check(
        CallerReference=reference, HealthCheckConfig={**CHECK, **more}
    )
    return dict(made["HealthCheck"])


def test_a_health_check_asked_for_again_is_the_same(route53: Any, reference: str) -> None:
    assert make(route53, reference)["Id"] == make(route53, reference)["Id"]
    with pytest.raises(ClientError, match="HealthCheckAlreadyExists"):
        make(route53, reference, Port=2)


def test_the_reference_of_a_deleted_health_check_cannot_be_used_again(
    route53: Any, reference: str
) -> None:
    route53.delete_health_check(HealthCheckId=make(route53, reference)["Id"])
    with pytest.raises(ClientError, match="HealthCheckAlreadyExists"):
        make(route53, reference)
    with pytest.raises(ClientError, match="NoSuchHealthCheck"):
        route53.delete_health_check(HealthCheckId="nothing")


def test_a_zone_is_made_once_for_a_reference(route53: Any, reference: str) -> None:
    route53.create_hosted_zone(Name="retried.test", CallerReference=reference)
    with pytest.raises(ClientError, match="HostedZoneAlreadyExists"):
        route53.create_hosted_zone(Name="retried.test", CallerReference=reference)


def test_an_update_counts_the_version_and_an_old_one_is_refused(
    route53: Any, reference: str
) -> None:
    made = make(route53, reference)
    changed = route53.update_health_check(
        HealthCheckId=made["Id"],
        HealthCheckVersion=made["HealthCheckVersion"],
        SearchString="fine",
    )["HealthCheck"]
    assert changed["HealthCheckVersion"] == made["HealthCheckVersion"] + 1
    assert changed["HealthCheckConfig"]["SearchString"] == "fine"
    with pytest.raises(ClientError, match="HealthCheckVersionMismatch"):
        route53.update_health_check(
            HealthCheckId=made["Id"], HealthCheckVersion=made["HealthCheckVersion"], Port=2
        )


def test_an_update_takes_away_what_it_resets(route53: Any, reference: str) -> None:
    made = make(route53, reference, ResourcePath="/x")
    route53.update_health_check(HealthCheckId=made["Id"], ResetElements=["ResourcePath"])
    found = route53.get_health_check(HealthCheckId=made["Id"])["HealthCheck"]
    assert "ResourcePath" not in found["HealthCheckConfig"]
