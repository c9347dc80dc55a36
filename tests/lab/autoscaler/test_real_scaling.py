"""The autoscaler on a real control plane: its arithmetic, zero and back, pauses, hostile values."""

import os
from typing import Any

import pytest
from real_autoscaler import SCALED, Scaling, deployment, formula, until
from scaled_objects import Object, prometheus, scaled_object

pytestmark = [pytest.mark.control_plane, pytest.mark.timeout(180)]
WHOLE = pytest.mark.skipif(not os.environ.get("INFCTL_WHOLE"), reason="INFCTL_WHOLE=1 runs it")
QUICK = {"pollingInterval": 1, "cooldownPeriod": 1}
TARGET = 8.0
SUMS = [(1, 0.0), (2, 16.0), (2, 17.5), (2, 17.7), (2, 40.0), (3, 10.0), (2, 100.0)]
"""Replicas at first, and the metric over all pods."""


def scaled(scaling: Scaling, place: str, name: str, query: str, **spec: Any) -> Object:
    """A ScaledObject that asks the tests' Prometheus."""
    fields = {k: spec.pop(k) for k in ("metricType", "ignoreNullValues") if k in spec}
    trigger = prometheus(query, f"{TARGET:g}", serverAddress=scaling.prometheus, **fields)
    item = scaled_object(trigger, name=name, **{**QUICK, **spec})
    item["metadata"] = {"name": name, "namespace": place}
    return item


def in_place(place: str, *objects: Object) -> list[Object]:
    return [{**o, "metadata": {**o["metadata"], "namespace": place}} for o in objects]


def test_replicas_follow_the_published_formula(scaling: Scaling, place: str) -> None:
    at_once = {"scaleDown": {"stabilizationWindowSeconds": 0}}
    advanced = {"horizontalPodAutoscalerConfig": {"behavior": at_once}}
    spec = {"minReplicaCount": 1, "maxReplicaCount": 6, "advanced": advanced}
    given = {f"sum-{number}": found for number, found in enumerate(SUMS)}
    begun = {name: current for name, (current, _) in given.items()}
    scaling.create(*in_place(place, *(deployment(n, current) for n, current in begun.items())))
    until(lambda: scaling.created(place) == begun, lambda: scaling.events(place))
    scaling.create(
        *(scaled(scaling, place, n, f"vector({value})", **spec) for n, (_, value) in given.items())
    )
    expected = {
        name: formula(current, value, TARGET, most=6) for name, (current, value) in given.items()
    }

    def have_looked() -> bool:
        """What stays has to do so by the tolerance."""
        found = scaling.autoscalers(place)
        seen = [a for a in found.values() if (a.get("status") or {}).get("currentMetrics")]
        return len(seen) == len(given)

    until(
        lambda: have_looked() and scaling.all_replicas(place) == expected,
        lambda: f"{scaling.all_replicas(place)} is not {expected}",
    )
    reasons = [(n, r) for n, r, _ in scaling.events(place)]
    assert ("keda-hpa-sum-4", "SuccessfulRescale") in reasons


def test_a_target_goes_to_zero_and_comes_back(scaling: Scaling, place: str) -> None:
    item = scaled(scaling, place, "sleeper", "vector(0)", maxReplicaCount=5)
    scaling.create(*in_place(place, deployment("sleeper", 1)), item)
    until(lambda: scaling.replicas(place, "sleeper") == 0, lambda: scaling.events(place))
    assert scaling.condition(place, "sleeper", "Active")[:2] == ("False", "ScalerNotActive")

    scaling.query(place, "sleeper", "vector(30)")
    until(lambda: scaling.replicas(place, "sleeper") == 4, lambda: scaling.events(place))
    assert scaling.condition(place, "sleeper", "Active")[:2] == ("True", "ScalerActive")

    scaling.query(place, "sleeper", "vector(0)")
    until(lambda: scaling.replicas(place, "sleeper") == 0, lambda: scaling.events(place))
    told = [(r, m) for n, r, m in scaling.events(place) if n == "sleeper"]
    target = f"apps/v1.Deployment {place}/sleeper"
    woken = f"Scaled {target} from 0 to 1, triggered by s0-prometheus"
    assert ("KEDAScaleTargetActivated", woken) in told
    assert ("KEDAScaleTargetDeactivated", f"Deactivated {target} from 1 to 0") in told


HOSTILE = {
    "nan": ("vector(0) / 0", "the query answers nan"),
    "infinite": ("vector(1) / 0", "the query answers inf"),
    "empty": ("vector(1) > 2", "the query answers no data"),
    "many": ('vector(1) or label_replace(vector(2), "a", "b", "", "")', "answers 2 series"),
    "text": ('"seven"', "answers a 'string'"),
    "broken": ("sum(", "prometheus refuses the query"),
}


def test_hostile_values_are_told_and_stop_nobody_else(scaling: Scaling, place: str) -> None:
    for name, (query, _) in HOSTILE.items():
        item = scaled(scaling, place, name, query, ignoreNullValues="false", minReplicaCount=1)
        scaling.create(*in_place(place, deployment(name, 2)), item)
    broken = scaled(scaling, place, "unknown", "1")
    broken["spec"]["triggers"] = [{"type": "crystal-ball", "metadata": {}}]
    lost = scaled(scaling, place, "lost", "1")
    rude = scaled(scaling, place, "rude", "1")
    rules = {"scaleDown": {"stabilizationWindowSeconds": -5}}
    rude["spec"]["advanced"] = {"horizontalPodAutoscalerConfig": {"behavior": rules}}
    scaling.create(*in_place(place, deployment("rude", 1)), rude)
    well = scaled(scaling, place, "well", "vector(20)", maxReplicaCount=9, minReplicaCount=1)
    scaling.create(*in_place(place, deployment("well", 1)), broken, lost, well)

    until(lambda: scaling.replicas(place, "well") == 3, lambda: scaling.events(place))
    for name, (_, reason) in HOSTILE.items():
        said = scaling.condition(place, name, "Ready")
        assert said[:2] == ("False", "TriggerError"), (name, said)
        told = [m for n, r, m in scaling.events(place) if (n, r) == (name, "KEDAScalerFailed")]
        assert any(reason in message for message in told), (name, told)
        assert scaling.replicas(place, name) == 2
    status, reason, message = scaling.condition(place, "unknown", "Ready")
    assert (status, reason) == ("False", "ScaledObjectCheckFailed")
    assert "knows no type 'crystal-ball'" in message
    until(
        lambda: "stabilizationWindowSeconds" in scaling.condition(place, "rude", "Ready")[2],
        lambda: scaling.scaled(place, "rude"),
    )
    assert "Deployment 'lost' is not there" in scaling.condition(place, "lost", "Ready")[2]


def test_a_second_scaled_object_of_one_target_is_refused(scaling: Scaling, place: str) -> None:
    first = scaled(scaling, place, "first", "vector(1)")
    second = scaled(scaling, place, "second", "vector(1)")
    for item in (first, second):
        item["spec"]["scaleTargetRef"] = {"name": "shared"}
    scaling.create(*in_place(place, deployment("shared", 1)), first)
    scaling.create(second)
    said = until(
        lambda: scaling.condition(place, "second", "Ready")[2], lambda: scaling.events(place)
    )
    assert said.endswith("'shared' is already managed by the ScaledObject 'first'")


def test_after_its_threshold_a_failing_trigger_falls_back(scaling: Scaling, place: str) -> None:
    fallback = {"failureThreshold": 2, "replicas": 4}
    item = scaled(
        scaling,
        place,
        "blind",
        "vector(1) > 2",
        ignoreNullValues="false",
        minReplicaCount=1,
        fallback=fallback,
    )
    scaling.create(*in_place(place, deployment("blind", 1)), item)
    until(lambda: scaling.replicas(place, "blind") == 4, lambda: scaling.events(place))
    assert scaling.condition(place, "blind", "Fallback")[:2] == ("True", "FallbackExists")
    health = scaling.scaled(place, "blind")["status"]["health"]["s0-prometheus"]
    assert health["status"] == "Failing"

    scaling.query(place, "blind", "vector(1)")
    until(
        lambda: scaling.condition(place, "blind", "Fallback")[0] == "False",
        lambda: scaling.events(place),
    )
    reasons = [r for n, r, _ in scaling.events(place) if n == "blind"]
    assert {"ScaledObjectFallbackActivated", "ScaledObjectFallbackDeactivated"} <= set(reasons)


@WHOLE
def test_an_autoscaler_that_people_change_or_delete_is_made_again(
    scaling: Scaling, place: str
) -> None:
    item = scaled(scaling, place, "kept", "vector(1)", minReplicaCount=1)
    scaling.create(*in_place(place, deployment("kept", 1)), item)
    made = until(lambda: scaling.autoscaler(place, "kept"), lambda: scaling.events(place))
    path = f"/apis/autoscaling/v2/namespaces/{place}/horizontalpodautoscalers/keda-hpa-kept"
    scaling.patch(path, {"spec": {"maxReplicas": 77}})
    until(
        lambda: scaling.autoscaler(place, "kept")["spec"]["maxReplicas"] == 100,
        lambda: scaling.autoscaler(place, "kept"),
    )
    scaling.plane.kubectl("-n", place, "delete", "hpa", "keda-hpa-kept")
    again = until(lambda: scaling.autoscaler(place, "kept"), lambda: scaling.events(place))
    assert again["metadata"]["uid"] != made["metadata"]["uid"]

    scaling.plane.kubectl("-n", place, "delete", "scaledobject", "kept")
    until(lambda: not scaling.autoscaler(place, "kept"), lambda: scaling.events(place))


@WHOLE
def test_a_pause_at_a_number_holds_the_target_there(scaling: Scaling, place: str) -> None:
    item = scaled(scaling, place, "held", "vector(40)", minReplicaCount=1)
    scaling.create(*in_place(place, deployment("held", 1)), item)
    until(lambda: scaling.replicas(place, "held") == 5, lambda: scaling.events(place))
    path, name = f"{SCALED.format(place)}/held", "autoscaling.keda.sh/paused-replicas"
    scaling.patch(path, {"metadata": {"annotations": {name: "2"}}})
    until(lambda: scaling.replicas(place, "held") == 2, lambda: scaling.events(place))
    assert not scaling.autoscaler(place, "held")
    until(
        lambda: scaling.condition(place, "held", "Paused")[0] == "True",
        lambda: scaling.scaled(place, "held"),
    )
    scaling.patch(path, {"metadata": {"annotations": {name: None}}})
    until(lambda: scaling.replicas(place, "held") == 5, lambda: scaling.events(place))
    assert scaling.condition(place, "held", "Paused")[:2] == ("False", "ScaledObjectUnpaused")
