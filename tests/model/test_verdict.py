"""A region's verdict: unknown is never healthy, and the deciding evidence comes first."""

from dataclasses import replace
from typing import Any

import pytest

from infctl.model.measured import Measured, unknown
from infctl.model.outcome import Word
from infctl.model.overview import Agreement, judge_service, region_rows
from infctl.model.snapshot import Health, ModelVersion, RegionSnapshot, Replicas, Snapshot
from infctl.model.verdict import Bounds, judge_region

BOUNDS = Bounds(p99=0.25, error_ratio=0.001)


def seen(value: Any) -> Measured[Any]:
    return Measured(value, 100.0, "test")


def region(**changes: Any) -> RegionSnapshot:
    healthy = RegionSnapshot(
        name="eu-west-1",
        cluster_version=seen("v1.37.2"),
        replicas=seen(Replicas(2, 2)),
        models=seen((ModelVersion("digits", "v1", "sha256:" + "a" * 64),)),
        requests_per_second=seen(20.0),
        error_ratio=seen(0.0),
        p50=seen(0.03),
        p99=seen(0.05),
        queue=seen(0.0),
        saturation=seen(0.1),
        traffic_share=seen(1.0),
        dns_healthy=seen(True),
        switched_off=seen(False),
        store=seen(True),
        weight=seen(100),
        generation=seen("sha256:b"),
    )
    return replace(healthy, **changes)


CASES: list[tuple[str, dict[str, Any], Health, str]] = [
    ("all is well", {}, Health.HEALTHY, "2 of 2 replicas ready"),
    ("health checks fail", {"dns_healthy": seen(False)}, Health.DOWN, "health checks fail"),
    ("no replica is ready", {"replicas": seen(Replicas(0, 2))}, Health.DOWN, "no replica"),
    ("one is missing", {"replicas": seen(Replicas(1, 2))}, Health.DEGRADED, "1 of 2"),
    ("half fail", {"error_ratio": seen(0.6)}, Health.DOWN, "errors 60"),
    ("some fail", {"error_ratio": seen(0.02)}, Health.DEGRADED, "errors 2.00%"),
    ("slow", {"p99": seen(0.9)}, Health.DEGRADED, "p99 900 ms"),
    ("full", {"saturation": seen(0.97)}, Health.DEGRADED, "97%"),
    ("switched off", {"switched_off": seen(True)}, Health.DEGRADED, "operator"),
    (
        "switched off and therefore out of the answers",
        {"switched_off": seen(True), "dns_healthy": seen(False)},
        Health.DEGRADED,
        "operator",
    ),
    ("API silent", {"cluster_version": unknown("k", 1, "no answer")}, Health.UNKNOWN, "no answer"),
    ("store silent", {"store": unknown("s3", 1, "no answer")}, Health.UNKNOWN, "object store"),
    ("blind", {"requests_per_second": unknown("p", 1, "gone")}, Health.UNKNOWN, "gone"),
    ("stale", {"replicas": seen(Replicas(2, 2)).stale("cut off")}, Health.UNKNOWN, "cut off"),
    (
        "silent and out of the answers",
        {"cluster_version": unknown("k", 1, "no answer"), "dns_healthy": seen(False)},
        Health.DOWN,
        "health checks fail",
    ),
]


@pytest.mark.parametrize(("title", "changes", "health", "evidence"), CASES)
def test_verdict(title: str, changes: dict[str, Any], health: Health, evidence: str) -> None:
    verdict = judge_region(region(**changes), BOUNDS)
    assert (verdict.health, evidence in verdict.evidence[0]) == (health, True), verdict


def test_no_single_missing_source_leaves_a_region_healthy() -> None:
    for field in ("cluster_version", "replicas", "requests_per_second", "dns_healthy"):
        silent = region(**{field: unknown("x", 1.0, "gone")})
        assert judge_region(silent, BOUNDS).health is not Health.HEALTHY, field


AGREEMENT = Agreement(0.999, 0.25)


def test_the_service_without_requests_is_not_judged() -> None:
    idle = region(requests_per_second=seen(0.0))
    assert judge_service(Snapshot(1.0, (idle,)), AGREEMENT).word is Word.ERRORED


def test_a_blind_region_makes_the_service_inconclusive() -> None:
    blind = region(name="us", requests_per_second=unknown("p", 1.0, "gone"))
    outcome = judge_service(Snapshot(1.0, (region(), blind)), AGREEMENT)
    assert outcome.word is Word.INCONCLUSIVE


def test_availability_is_weighted_by_traffic() -> None:
    bad = region(name="us", requests_per_second=seen(1.0), error_ratio=seen(0.5))
    good = region(requests_per_second=seen(9999.0))
    assert judge_service(Snapshot(1.0, (good, bad)), AGREEMENT).word is Word.PASSED


def test_a_value_carried_over_is_marked_in_the_table() -> None:
    stale = region(requests_per_second=seen(20.0).stale("no answer within 2 s"))
    row = region_rows(Snapshot(100.0, (stale,)), AGREEMENT)[0]
    assert row["_display"]["requests"] == "~20.0"
    assert row["state"] == "unknown"
