"""A ScaledObject is understood as KEDA understands it, or refused with the reason."""

from pathlib import Path

import pytest
from scaled_objects import Object, cron, prometheus, scaled_object

from infctl.lab.autoscaler.horizontal import differs, make_autoscaler
from infctl.lab.autoscaler.numbers import Refused, quantity
from infctl.lab.autoscaler.scaled import (
    PAUSED,
    PAUSED_IN,
    PAUSED_OUT,
    PAUSED_REPLICAS,
    is_paused,
    paused_replicas,
    read,
)
from infctl.platform import loading
from infctl.platform.render.autoscaling import render_scaled_object

PLATFORM = Path(__file__).parents[3] / "platform.yaml"
BAD = [
    (scaled_object(triggers=[]), "no triggers"),
    (scaled_object(minReplicaCount=5, maxReplicaCount=2), "leave no choice"),
    (scaled_object(minReplicaCount=1, idleReplicaCount=1), "idleReplicaCount 1"),
    (scaled_object({"type": "kafka", "metadata": {}}), "knows no type 'kafka'"),
    (scaled_object(prometheus(threshold="NaN")), "threshold is no number: 'NaN'"),
    (scaled_object(prometheus(threshold="1e999")), "threshold is no number"),
    (scaled_object(prometheus(threshold="-1")), "above 0"),
    (scaled_object(prometheus(query="")), "metadata.query is missing"),
    (scaled_object(prometheus(serverAddress="file:///etc/passwd")), "no URL"),
    (scaled_object(prometheus(ignoreNullValues="maybe")), "neither true nor false"),
    (scaled_object(prometheus(metricType="Utilization")), "for cpu and memory alone"),
    (scaled_object(prometheus(name="a"), prometheus(name="a")), "two triggers are called 'a'"),
    (scaled_object(cron("0 8 * * *", "0 8 * * *")), "the same moment"),
    (scaled_object(cron("@daily", "0 8 * * *")), "five fields are wanted"),
    (scaled_object(cron("0 0 L * *", "0 8 * * *")), "five fields are wanted"),
    (scaled_object(cron("0 0 31 2 *", "0 8 * * *")), "start '0 0 31 2 *'"),
    (scaled_object(cron("0 8 * * *", "0 9 * * *", timezone="../etc/passwd")), "is unknown"),
    (scaled_object(cron("0 8 * * *", "0 9 * * *", timezone="Mars/Olympus")), "is unknown"),
    (scaled_object(cron("0 8 * * *", "0 9 * * *", replicas="-3")), "no whole number"),
    (scaled_object(cron("0 8 * * *", "0 9 * * *", replicas="0")), "desiredReplicas is 0"),
    (scaled_object({"type": "cpu", "metadata": {"value": "60"}}), "metricType has to be"),
    (scaled_object(advanced={"scalingModifiers": {"formula": "a"}}), "scalingModifiers"),
    (
        scaled_object({**prometheus(), "authenticationRef": {"name": "secret"}}),
        "authenticationRef is not known",
    ),
    (scaled_object(prometheus(threshold="\x1b[31m1")), r"'\x1b[31m1'"),
]


@pytest.mark.parametrize(("item", "reason"), BAD, ids=[reason for _, reason in BAD])
def test_what_makes_no_sense_is_refused_with_the_reason(item: Object, reason: str) -> None:
    with pytest.raises(Refused) as caught:
        read(item)
    assert reason in str(caught.value)
    assert str(caught.value).isprintable()


def test_the_defaults_are_kedas() -> None:
    found = read(scaled_object())
    assert (found.least, found.most, found.idle) == (0, 100, None)
    assert (found.polling, found.cooldown, found.first_cooldown) == (30.0, 300.0, 0.0)
    assert (found.target.api_version, found.target.kind) == ("apps/v1", "Deployment")
    assert found.autoscaler == "keda-hpa-web"


def test_what_the_platform_renders_becomes_the_autoscaler_that_keda_would_make() -> None:
    item = {**render_scaled_object(loading.load(PLATFORM))}
    item["metadata"] = {**item["metadata"], "namespace": "vision", "uid": "u-1"}
    made = make_autoscaler(item, read(item))
    metrics = [m["external"] for m in made["spec"]["metrics"]]
    assert [m["metric"]["name"] for m in metrics] == [f"s{n}-prometheus" for n in range(3)]
    assert [m["target"] for m in metrics] == [
        {"type": "AverageValue", "averageValue": "8"},
        {"type": "Value", "value": "200"},
        {"type": "Value", "value": "50m"},
    ]
    assert metrics[0]["metric"]["selector"] == {
        "matchLabels": {"scaledobject.keda.sh/name": "vision-stable"}
    }
    assert (made["spec"]["minReplicas"], made["spec"]["maxReplicas"]) == (2, 6)
    (owner,) = made["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["uid"], owner["controller"]) == ("ScaledObject", "u-1", True)


def test_a_schedule_is_named_as_keda_names_it() -> None:
    item = scaled_object(cron("0 8 * * 1-5", "30 18 * * 1-5", timezone="Europe/Berlin"))
    (trigger,) = read(item).external
    assert trigger.metric == "s0-cron-Europe-Berlin-08xx1-5-3018xx1-5"


def test_a_cpu_trigger_is_passed_on() -> None:
    trigger = {"type": "cpu", "metricType": "Utilization", "metadata": {"value": "60"}}
    item = scaled_object(trigger, advanced={"horizontalPodAutoscalerConfig": {"name": "mine"}})
    made = make_autoscaler(item, read(item))
    target = {"type": "Utilization", "averageUtilization": 60}
    assert made["spec"]["metrics"] == [
        {"type": "Resource", "resource": {"name": "cpu", "target": target}}
    ]
    assert made["metadata"]["name"] == "mine"


def test_the_behavior_is_passed_on_and_a_paused_direction_is_held() -> None:
    behavior = {"scaleDown": {"stabilizationWindowSeconds": 5}}
    item = scaled_object(
        advanced={"horizontalPodAutoscalerConfig": {"behavior": behavior}},
        annotations={PAUSED_IN: "true", PAUSED_OUT: "false"},
    )
    made = make_autoscaler(item, read(item))
    held = {"stabilizationWindowSeconds": 5, "selectPolicy": "Disabled"}
    assert made["spec"]["behavior"] == {"scaleDown": held}


def test_what_the_server_adds_is_no_difference_and_what_people_change_is() -> None:
    item = scaled_object(minReplicaCount=2)
    made = make_autoscaler(item, read(item))
    found = {**made, "status": {}, "metadata": {**made["metadata"], "uid": "u-2"}}
    assert not differs(found, made)
    for name, value in (("maxReplicas", 3), ("metrics", []), ("behavior", {"scaleUp": {}})):
        assert differs({**found, "spec": {**made["spec"], name: value}}, made), name


@pytest.mark.parametrize(
    ("annotations", "paused", "replicas"),
    [
        ({}, False, None),
        ({PAUSED: "true"}, True, None),
        ({PAUSED: "false"}, False, None),
        ({PAUSED: "anything"}, True, None),
        ({PAUSED_REPLICAS: "3"}, True, 3),
        ({PAUSED_REPLICAS: "0", PAUSED: "false"}, True, 0),
    ],
)
def test_annotations_pause_as_keda_reads_them(
    annotations: dict[str, str], paused: bool, replicas: int | None
) -> None:
    item = scaled_object(annotations=annotations)
    assert (is_paused(item), paused_replicas(item)) == (paused, replicas)


@pytest.mark.parametrize("text", ["", "many", "-1", "1e3", "²", "9" * 30])
def test_a_pause_at_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        paused_replicas(scaled_object(annotations={PAUSED_REPLICAS: text}))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-3, "0"),
        (float("nan"), "0"),
        (8, "8"),
        (17.5, "17500m"),
        (0.0004, "0"),
        (1000, "1k"),
        (1500, "1500"),
        (2e6, "2M"),
        (float("inf"), "9P"),
    ],
)
def test_quantities_are_spelled_as_the_server_spells_them(value: float, text: str) -> None:
    assert quantity(value) == text
