"""When a target goes to zero and comes back, and which conditions say why."""

from dataclasses import replace
from typing import Any

import pytest
from scaled_objects import scaled_object

from infctl.lab.autoscaler.conditions import merged, of_autoscaler, of_pause
from infctl.lab.autoscaler.decision import Act, Seen, decide
from infctl.lab.autoscaler.scaled import read
from infctl.lab.autoscaler.statuses import change, news

NOW = 1_000_000.0
SEEN = Seen(now=NOW, created=NOW - 1000, last_active=NOW - 10, replicas=2)
FALLBACK = {"failureThreshold": 3, "replicas": 2}
CASES: list[tuple[str, dict[str, Any], dict[str, Any], tuple[Act, int], str]] = [
    ("from zero", {}, {"is_active": True, "replicas": 0}, (Act.ACTIVATE, 1), "ScalerActive"),
    (
        "from zero to its least",
        {"minReplicaCount": 3},
        {"is_active": True, "replicas": 0},
        (Act.ACTIVATE, 3),
        "ScalerActive",
    ),
    ("active stays", {}, {"is_active": True}, (Act.NONE, 2), "ScalerActive"),
    ("forced", {}, {"is_forced": True, "replicas": 0}, (Act.ACTIVATE, 1), "ScalerActive"),
    (
        "held at zero",
        {},
        {"is_active": True, "replicas": 0, "is_held_out": True},
        (Act.NONE, 0),
        "ScalerActive",
    ),
    ("cools down", {}, {}, (Act.NONE, 2), "ScalerCooldown"),
    ("has cooled down", {}, {"last_active": NOW - 301}, (Act.DEACTIVATE, 0), "ScalerNotActive"),
    ("never active", {}, {"last_active": None}, (Act.DEACTIVATE, 0), "ScalerNotActive"),
    (
        "never active, but young",
        {"initialCooldownPeriod": 2000},
        {"last_active": None},
        (Act.NONE, 2),
        "ScalerCooldown",
    ),
    (
        "held above zero",
        {},
        {"last_active": NOW - 301, "is_held_in": True},
        (Act.NONE, 2),
        "ScalerNotActive",
    ),
    ("has a least", {"minReplicaCount": 1}, {"last_active": 0}, (Act.NONE, 2), "ScalerNotActive"),
    ("below its least", {"minReplicaCount": 5}, {}, (Act.RAISE, 5), "ScalerNotActive"),
    (
        "idle",
        {"minReplicaCount": 3, "idleReplicaCount": 1},
        {"last_active": 0},
        (Act.DEACTIVATE, 1),
        "ScalerNotActive",
    ),
    (
        "from idle",
        {"minReplicaCount": 3, "idleReplicaCount": 1},
        {"is_active": True, "replicas": 1},
        (Act.ACTIVATE, 3),
        "ScalerActive",
    ),
    ("at zero", {}, {"replicas": 0}, (Act.NONE, 0), "ScalerNotActive"),
    ("blind", {}, {"is_failing": True, "last_active": 0}, (Act.NONE, 2), "ScalerNotActive"),
    (
        "blind with a fallback",
        {"fallback": FALLBACK},
        {"is_failing": True, "last_active": 0},
        (Act.NONE, 2),
        "ScalerNotActive",
    ),
]


@pytest.mark.parametrize(
    ("spec", "seen", "act", "reason"), [c[1:] for c in CASES], ids=lambda _: ""
)
def test_zero_is_reached_and_left_as_keda_does(
    spec: dict[str, Any], seen: dict[str, Any], act: tuple[Act, int], reason: str
) -> None:
    found = decide(read(scaled_object(**spec)), replace(SEEN, **seen))
    assert (found.act, found.replicas) == act
    assert found.conditions[1]["reason"] == reason


@pytest.mark.parametrize(
    ("spec", "active", "ready"),
    [
        ({}, False, ("False", "TriggerError")),
        ({}, True, ("Unknown", "PartialTriggerError")),
        ({"fallback": FALLBACK}, False, ("True", "ScaledObjectReady")),
    ],
)
def test_triggers_that_fail_are_told_by_ready(
    spec: dict[str, Any], active: bool, ready: tuple[str, str]
) -> None:
    seen = replace(SEEN, is_failing=True, is_active=active)
    said = decide(read(scaled_object(**spec)), seen).conditions[0]
    assert (said["status"], said["reason"]) == ready


def condition(kind: str, status: str, reason: str = "r") -> dict[str, Any]:
    return {"type": kind, "status": status, "reason": reason, "message": "m"}


def test_conditions_keep_their_places_and_only_changes_are_written() -> None:
    old: dict[str, Any] = {
        "conditions": [condition("Ready", "True")],
        "health": {"a": 1, "b": 2},
        "hpaName": "h",
    }
    said = merged(old["conditions"], [condition("Active", "False"), condition("Ready", "False")])
    new = {**old, "conditions": said, "health": {"a": 1}}
    assert [c["type"] for c in said] == ["Ready", "Active"]
    assert change(old, new) == {"conditions": said, "health": {"a": 1, "b": None}}


@pytest.mark.parametrize(
    ("before", "after", "reasons"),
    [
        ([], [condition("Ready", "True")], ["ScaledObjectReady"]),
        ([condition("Ready", "True")], [condition("Ready", "True")], []),
        ([], [condition("Ready", "False", "ScaledObjectCheckFailed")], ["ScaledObjectCheckFailed"]),
        ([condition("Paused", "False")], [condition("Paused", "True")], ["ScaledObjectPaused"]),
        ([condition("Paused", "True")], [condition("Paused", "False")], ["ScaledObjectUnpaused"]),
        ([], [condition("Fallback", "True")], ["ScaledObjectFallbackActivated"]),
        (
            [condition("Fallback", "True")],
            [condition("Fallback", "False")],
            ["ScaledObjectFallbackDeactivated"],
        ),
    ],
)
def test_a_change_of_conditions_is_news(
    before: list[Any], after: list[Any], reasons: list[str]
) -> None:
    told = news({"conditions": before}, {"conditions": after})
    assert [reason for reason, *_ in told] == reasons


@pytest.mark.parametrize(
    ("status", "reason", "expected"),
    [
        ("True", "ValidMetricFound", ("True", "HPAActive")),
        ("False", "ScalingDisabled", ("True", "ScalingDisabled")),
        ("False", "FailedGetExternalMetric", ("False", "FailedGetExternalMetric")),
    ],
)
def test_the_autoscalers_own_health_is_mirrored(
    status: str, reason: str, expected: tuple[str, str]
) -> None:
    said = of_autoscaler({"status": {"conditions": [condition("ScalingActive", status, reason)]}})
    assert [(c["status"], c["reason"]) for c in said] == [expected]
    assert of_autoscaler({}) == []


@pytest.mark.parametrize(
    ("before", "is_held", "reasons"),
    [
        ([], False, ["ScaledObjectNotPaused"]),
        ([], True, ["ScaledObjectPaused"]),
        ([condition("Paused", "True")], False, ["ScaledObjectUnpaused"]),
        ([condition("Paused", "False")], False, []),
    ],
)
def test_a_pause_is_told_when_it_begins_and_ends(
    before: list[Any], is_held: bool, reasons: list[str]
) -> None:
    assert [c["reason"] for c in of_pause({"conditions": before}, is_held)] == reasons
