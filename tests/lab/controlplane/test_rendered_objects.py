"""A real API server with the lab's definitions takes what the stack renders, and nothing else."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from real_control_plane import ControlPlane

from infctl.platform import Platform, load
from infctl.platform.render.region import render_region
from infctl.platform.starter import starter

pytestmark = pytest.mark.control_plane

Object = dict[str, Any]


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Platform:
    folder = tmp_path_factory.mktemp("platform")
    (folder / "platform.yaml").write_text(starter(folder))
    return load(folder / "platform.yaml")


@pytest.fixture
def objects(platform: Platform, namespace: str) -> list[Object]:
    """What is rendered for one region, moved into the test's namespace."""
    moved = copy.deepcopy(list(render_region(platform, "eu-west-1").objects))
    for manifest in moved:
        if "namespace" in manifest["metadata"]:
            manifest["metadata"]["namespace"] = namespace
    return moved


def dry_run(plane: ControlPlane, folder: Path, manifest: Object) -> str:
    """What kubectl says of applying it on the server's side without keeping it."""
    path = folder / "manifest.json"
    path.write_text(json.dumps(manifest))
    flags = ["--server-side", "--dry-run=server", "--field-manager=infctl"]
    return plane.kubectl("apply", *flags, "-f", str(path))


def test_every_rendered_object_is_taken(
    control_plane: ControlPlane, objects: list[Object], tmp_path: Path
) -> None:
    refused = {
        manifest["kind"]: said
        for manifest in objects
        if "serverside-applied" not in (said := dry_run(control_plane, tmp_path, manifest))
    }
    assert not refused


def _unknown(spec: Object) -> None:
    spec["notAField"] = 1


def _wrong_replicas(spec: Object) -> None:
    spec["minReplicaCount"] = "two"


def _no_triggers(spec: Object) -> None:
    del spec["triggers"]


def _odd_balancer(spec: Object) -> None:
    spec["loadBalancer"]["type"] = "Best"


def _bad_duration(spec: Object) -> None:
    spec["endpoints"][0]["interval"] = "soon"


def _no_expression(spec: Object) -> None:
    del spec["groups"][0]["rules"][0]["expr"]


@pytest.mark.parametrize(
    ("kind", "spoil", "fault"),
    [
        ("ScaledObject", _unknown, "notAField"),
        ("ScaledObject", _wrong_replicas, "minReplicaCount"),
        ("ScaledObject", _no_triggers, "triggers"),
        ("BackendTrafficPolicy", _unknown, "notAField"),
        ("BackendTrafficPolicy", _odd_balancer, "loadBalancer.type"),
        ("ServiceMonitor", _unknown, "notAField"),
        ("ServiceMonitor", _bad_duration, "interval"),
        ("PrometheusRule", _unknown, "notAField"),
        ("PrometheusRule", _no_expression, "expr"),
        ("HTTPRoute", _unknown, "notAField"),
    ],
)
def test_what_is_not_in_a_definition_is_refused(
    control_plane: ControlPlane,
    objects: list[Object],
    tmp_path: Path,
    kind: str,
    spoil: Callable[[Object], None],
    fault: str,
) -> None:
    (manifest,) = [m for m in objects if m["kind"] == kind]
    spoil(manifest["spec"])
    said = dry_run(control_plane, tmp_path, manifest)
    assert "serverside-applied" not in said
    assert fault in said


def test_our_definitions_are_marked_as_ours(control_plane: ControlPlane) -> None:
    found = control_plane.kubectl("get", "crd", "-o", "json")
    marked = {
        d["spec"]["names"]["kind"]
        for d in json.loads(found)["items"]
        if d["metadata"].get("annotations", {}).get("infctl.dev/definition") == "structural"
    }
    ours = {
        "Backend",
        "BackendTrafficPolicy",
        "ScaledObject",
        "PodMonitor",
        "PrometheusRule",
        "ServiceMonitor",
    }
    assert marked >= ours
