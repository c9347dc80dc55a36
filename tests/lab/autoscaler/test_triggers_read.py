"""What triggers say: Prometheus' answers, good and hostile, and the clock."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from scaled_objects import cron, prometheus

from infctl.lab.autoscaler.fallback import Workload, is_due, stand_in
from infctl.lab.autoscaler.scaled import Fallback
from infctl.lab.autoscaler.triggers import cron as clock
from infctl.lab.autoscaler.triggers import prometheus as metric
from infctl.lab.autoscaler.triggers.common import ScalerFailed
from infctl.lab.autoscaler.triggers.prometheus import server_of


def answer(kind: str, result: Any, status: str = "success") -> bytes:
    return json.dumps({"status": status, "data": {"resultType": kind, "result": result}}).encode()


def sample(value: Any) -> dict[str, Any]:
    return {"metric": {}, "value": [1.0, value]}


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (answer("vector", [sample("17")]), 17.0),
        (answer("vector", [sample("-2.5")]), -2.5),
        (answer("scalar", [1.0, "3"]), 3.0),
        (answer("vector", []), 0.0),
        (answer("vector", [sample("NaN")]), 0.0),
        (answer("vector", [sample("+Inf")]), 0.0),
    ],
)
def test_one_number_is_the_value_and_nothing_is_zero_where_that_is_allowed(
    body: bytes, value: float
) -> None:
    assert metric.read_trigger(0, prometheus()).conclude(200, body).value == value


HOSTILE = [
    (200, answer("vector", []), "answers no data"),
    (200, answer("vector", [sample("NaN")]), "answers nan"),
    (200, answer("vector", [sample("-Inf")]), "answers -inf"),
    (200, answer("vector", [sample("1"), sample("2")]), "answers 2 series"),
    (200, answer("string", [1.0, "text"]), "answers a 'string'"),
    (200, answer("matrix", [{"values": [[1, "2"]]}]), "answers a 'matrix'"),
    (200, answer("vector", [sample("\x1b[2J")]), "not one number"),
    (200, answer("vector", [{"metric": {}}]), "not one number"),
    (200, answer("vector", {"a": 1}), "answers a 'vector'"),
    (200, b"<html>", "without a result"),
    (200, b"[" * 100_000, "without a result"),
    (200, b'{"status": "success"}', "without a result"),
    (
        400,
        b'{"status": "error", "error": "bad \\u001b[31m query"}',
        r"refuses the query: 'bad \x1b",
    ),
    (503, b"", "answers 503"),
]


@pytest.mark.parametrize(("status", "body", "reason"), HOSTILE, ids=[r for *_, r in HOSTILE])
def test_every_hostile_answer_is_a_reason_and_never_a_crash(
    status: int, body: bytes, reason: str
) -> None:
    trigger = metric.read_trigger(0, prometheus(ignoreNullValues="false"))
    with pytest.raises(ScalerFailed) as caught:
        trigger.conclude(status, body)
    assert reason in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(("value", "active"), [("5", False), ("5.1", True)])
def test_above_its_activation_threshold_a_trigger_is_active(value: str, active: bool) -> None:
    trigger = metric.read_trigger(0, prometheus(activationThreshold="5"))
    assert trigger.conclude(200, answer("vector", [sample(value)])).is_active is active


OWN = "http://127.16.1.3:9090"


@pytest.mark.parametrize(
    ("address", "server"),
    [
        ("http://prometheus.monitoring.svc:9090", OWN),
        ("http://10.1.2.3:9090", OWN),
        ("https://metadata.example", OWN),
        ("http://[", OWN),
        ("http://127.0.0.1:1234/sub/", "http://127.0.0.1:1234/sub"),
    ],
)
def test_only_loopback_is_asked_and_every_name_is_the_regions_own_server(
    address: str, server: str
) -> None:
    assert server_of(address, OWN) == server


BERLIN, KOLKATA = "Europe/Berlin", "Asia/Kolkata"


@pytest.mark.parametrize(
    ("start", "end", "zone", "now", "inside"),
    [
        ("0 8 * * *", "0 18 * * *", "UTC", "2026-03-03T07:59:59", False),
        ("0 8 * * *", "0 18 * * *", "UTC", "2026-03-03T08:00:00", True),
        ("0 8 * * *", "0 18 * * *", "UTC", "2026-03-03T17:59:59", True),
        ("0 8 * * *", "0 18 * * *", "UTC", "2026-03-03T18:00:00", False),
        # Over midnight.
        ("0 22 * * *", "0 6 * * *", "UTC", "2026-03-03T23:00:00", True),
        ("0 22 * * *", "0 6 * * *", "UTC", "2026-03-03T05:59:00", True),
        ("0 22 * * *", "0 6 * * *", "UTC", "2026-03-03T12:00:00", False),
        # From Friday evening to Monday morning.
        ("0 18 * * fri", "0 8 * * mon", "UTC", "2026-03-08T12:00:00", True),
        ("0 18 * * fri", "0 8 * * mon", "UTC", "2026-03-10T12:00:00", False),
        # Other zones: 08:00 is 07:00 UTC in winter and 06:00 in summer.
        ("0 8 * * *", "0 18 * * *", BERLIN, "2026-01-15T06:30:00", False),
        ("0 8 * * *", "0 18 * * *", BERLIN, "2026-07-15T06:30:00", True),
        ("30 9 * * *", "0 18 * * *", KOLKATA, "2026-03-03T04:00:00", True),
        # The night when the clock goes from 02:00 to 03:00: the hour in between is skipped.
        ("0 1 * * *", "0 3 * * *", BERLIN, "2026-03-29T00:30:00", True),
        ("0 1 * * *", "0 3 * * *", BERLIN, "2026-03-29T01:00:00", False),
    ],
)
def test_a_schedule_is_active_from_its_start_to_its_end(
    start: str, end: str, zone: str, now: str, inside: bool
) -> None:
    trigger = clock.read_trigger(0, cron(start, end, "4", zone))
    reading = trigger.read(datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert (reading.is_active, reading.value) == (inside, 4.0 if inside else 0.0)


@pytest.mark.parametrize(
    ("behavior", "kind", "workload", "value"),
    [
        ("static", "AverageValue", Workload(2, 2), 8 * 5),
        ("static", "Value", Workload(2, 2), 8 * 5 / 2),
        ("currentReplicas", "AverageValue", Workload(2, 2), 8 * 2),
        ("currentReplicasIfHigher", "AverageValue", Workload(7, 7), 8 * 7),
        ("currentReplicasIfHigher", "Value", Workload(2, 1), 8 * 5),
        ("currentReplicasIfLower", "AverageValue", Workload(7, 7), 8 * 5),
        ("static", "Value", Workload(2, 0), None),
    ],
)
def test_a_fallback_is_the_value_that_makes_the_autoscaler_want_so_many(
    behavior: str, kind: str, workload: Workload, value: float | None
) -> None:
    trigger = metric.read_trigger(0, prometheus(metricType=kind))
    assert stand_in(Fallback(3, 5, behavior), trigger, workload) == value


def test_a_fallback_is_due_after_more_failures_than_its_threshold() -> None:
    fallback = Fallback(3, 5, "static")
    assert [is_due(fallback, failures) for failures in (3, 4)] == [False, True]
    assert not is_due(None, 100)
