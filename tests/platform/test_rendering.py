import json
from collections.abc import Callable
from pathlib import Path

import pytest

from infctl.errors import ConfigurationError
from infctl.platform import Platform, load
from infctl.platform.render.inventory import Reference, read_inventory
from infctl.platform.render.naming import GENERATION, MANAGED_BY
from infctl.platform.render.region import render_region
from infctl.platform.yaml_writer import dump_all

Write = Callable[..., Path]


def _one(platform: Platform, kind: str, name: str) -> dict[str, object]:
    found = render_region(platform, "eu-west-1").manifests(platform)
    (manifest,) = [m for m in found if m["kind"] == kind and m["metadata"]["name"] == name]
    return manifest


def test_rendering_twice_gives_equal_bytes(write: Write) -> None:
    texts = []
    for _ in range(2):
        platform = load(write())
        texts.append(dump_all(render_region(platform, "eu-west-1").manifests(platform)))
    assert texts[0] == texts[1]


def test_every_object_says_who_manages_it(platform: Platform) -> None:
    for manifest in render_region(platform, "eu-west-1").manifests(platform):
        assert manifest["metadata"]["labels"][MANAGED_BY] == "infctl"


def test_the_namespace_comes_first_and_every_reference_is_unique(platform: Platform) -> None:
    objects = render_region(platform, "eu-west-1").objects
    assert objects[0]["kind"] == "Namespace"
    assert len({Reference.of(m) for m in objects}) == len(objects)


def test_the_objects_of_the_contract_are_there(platform: Platform) -> None:
    found = {str(Reference.of(m)) for m in render_region(platform, "eu-west-1").manifests(platform)}
    assert found >= {
        "Namespace/vision",
        "ServiceAccount/vision",
        "PriorityClass/vision-critical",
        "Deployment/vision-stable",
        "Service/vision-stable",
        "PodDisruptionBudget/vision-stable",
        "NetworkPolicy/vision",
        "ScaledObject/vision-stable",
        "ServiceMonitor/vision-stable",
        "PrometheusRule/vision",
        "BackendTrafficPolicy/vision",
        "Gateway/vision",
        "HTTPRoute/vision",
        "ConfigMap/infctl-inventory",
    }


def test_a_pod_knows_its_models_and_its_region_s_bucket(platform: Platform) -> None:
    deployment = _one(platform, "Deployment", "vision-stable")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]  # type: ignore[index]
    environment = {row["name"]: row["value"] for row in container["env"]}
    assert environment["MODEL_STORE"] == "s3://vision-models-eu-west-1"
    assert environment["SERVICE_TIME_MS"] == "20"
    assert environment["LATENCY_CEILING_MS"] == "250"
    models = json.loads(environment["MODELS"])
    assert [m["name"] for m in models] == ["digits", "wine"]
    annotations = deployment["metadata"]["annotations"]  # type: ignore[index]
    assert json.loads(annotations["infctl.dev/models"]) == models
    assert all(isinstance(value, str) for value in environment.values())


def test_the_generation_changes_with_the_content_and_never_restarts_pods(write: Write) -> None:
    before = render_region(load(write()), "eu-west-1")
    platform = load(write(("max_replicas: 6", "max_replicas: 7")))
    after = render_region(platform, "eu-west-1")
    assert before.generation != after.generation
    templates = [
        next(m for m in rendered.objects if m["kind"] == "Deployment")["spec"]["template"]
        for rendered in (before, after)
    ]
    assert templates[0] == templates[1]


def test_the_deployment_and_the_inventory_carry_the_generation(platform: Platform) -> None:
    rendered = render_region(platform, "eu-west-1")
    for kind, name in (("Deployment", "vision-stable"), ("ConfigMap", "infctl-inventory")):
        annotations = _one(platform, kind, name)["metadata"]["annotations"]  # type: ignore[index]
        assert annotations[GENERATION] == rendered.generation


def test_an_inventory_is_read_back(platform: Platform) -> None:
    rendered = render_region(platform, "eu-west-1")
    references = {Reference.of(m) for m in rendered.objects}
    assert read_inventory(rendered.inventory(platform)) == references


@pytest.mark.parametrize(
    "broken", [None, {}, {"data": None}, {"data": {"objects": "["}}, {"data": {"objects": "[1]"}}]
)
def test_an_inventory_that_cannot_be_read_prunes_nothing(broken: dict[str, object] | None) -> None:
    assert read_inventory(broken) == frozenset()


def test_pods_meet_the_restricted_pod_security_standard(platform: Platform) -> None:
    spec = _one(platform, "Deployment", "vision-stable")["spec"]["template"]["spec"]  # type: ignore[index]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    (container,) = spec["containers"]
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_a_schedule_becomes_a_clock_trigger(write: Write) -> None:
    schedule = (
        "{name: day, timezone: Europe/Dublin, start: 0 8 * * *, end: 0 20 * * *, replicas: 4}"
    )
    change = ("max_replicas: 6", f"max_replicas: 6\n  schedules: [{schedule}]")
    scaled = _one(load(write(change)), "ScaledObject", "vision-stable")
    triggers = scaled["spec"]["triggers"]  # type: ignore[index]
    assert [t["type"] for t in triggers] == ["prometheus"] * 3 + ["cron"]
    assert triggers[-1]["metadata"]["desiredReplicas"] == "4"


def test_an_unknown_region_is_not_rendered(platform: Platform) -> None:
    with pytest.raises(ConfigurationError):
        render_region(platform, "mars-1")
