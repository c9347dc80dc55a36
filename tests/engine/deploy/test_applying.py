from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from small_world import SmallWorld

from infctl.engine.deploy.objects import fit
from infctl.engine.deploy.regions import CLOUD, Request, apply_everywhere
from infctl.engine.deploy.results import Action, Progress, RegionResult, silent
from infctl.errors import ConfigurationError
from infctl.platform import Platform
from infctl.ports.cluster import DEPLOYMENT, Kind

Ask = Callable[..., Request]
Make = Callable[..., Platform]


def _by_region(results: list[RegionResult]) -> dict[str, RegionResult]:
    return {result.region: result for result in results}


async def test_a_first_deployment_creates_everything_and_waits_until_it_serves(
    platform: Platform, small: SmallWorld, request_for: Ask
) -> None:
    results = await apply_everywhere(small.world(), request_for(platform), silent)
    assert [r.region for r in results] == [*platform.region_names, CLOUD]
    assert [r.error for r in results] == [""] * 4
    assert results[0].ready == "2/2"
    assert results[0].address == "192.0.2.1"
    assert {r.set_identifier for r in small.names.state.records} == set(platform.region_names)
    store = small.stores["eu-west-1"]
    assert store.content["vision-models-eu-west-1"]["models/wine/v1/model.onnx"] == b"wine"
    assert store.public == {"vision-switches-eu-west-1"}


async def test_a_second_deployment_changes_nothing(
    platform: Platform, small: SmallWorld, request_for: Ask
) -> None:
    await apply_everywhere(small.world(), request_for(platform), silent)
    writes = small.writes
    results = await apply_everywhere(small.world(), request_for(platform), silent)
    assert small.writes == writes
    assert not any(r.changed or r.failed for r in results)


async def test_one_unreachable_region_leaves_the_others_deployed(
    platform: Platform, small: SmallWorld, request_for: Ask
) -> None:
    small.clusters["eu-west-1"].die()
    results = await apply_everywhere(small.world(), request_for(platform), silent)
    found = _by_region(results)
    assert "does not answer" in found["eu-west-1"].error
    assert [found[r].failed for r in ("us-east-1", "ap-south-1", CLOUD)] == [False] * 3
    served = {record.set_identifier for record in small.names.state.records}
    assert served == {"us-east-1", "ap-south-1"}


async def test_a_lost_region_keeps_its_record(
    platform: Platform, small: SmallWorld, request_for: Ask
) -> None:
    await apply_everywhere(small.world(), request_for(platform), silent)
    small.clusters["eu-west-1"].die()
    await apply_everywhere(small.world(), request_for(platform), silent)
    assert "eu-west-1" in {record.set_identifier for record in small.names.state.records}


async def test_a_conflict_names_the_other_manager_and_force_takes_over(
    platform: Platform, small: SmallWorld, request_for: Ask
) -> None:
    cluster = small.clusters["eu-west-1"]
    await apply_everywhere(small.world(), request_for(platform), silent)
    edited = cluster.find("Service/vision-stable") | {"spec": {"type": "NodePort"}}
    await cluster.apply_as("kubectl-edit", edited, force=True)
    results = await apply_everywhere(small.world(), request_for(platform), silent)
    found = _by_region(results)["eu-west-1"]
    (conflict,) = [c for c in found.changes if c.action is Action.CONFLICT]
    assert "kubectl-edit" in conflict.detail
    assert found.failed
    forced = request_for(platform, force=True)
    results = await apply_everywhere(small.world(), forced, silent)
    assert not any(result.failed for result in results)


async def test_what_infctl_itself_scaled_is_no_conflict(
    platform: Platform, small: SmallWorld, request_for: Ask
) -> None:
    await apply_everywhere(small.world(), request_for(platform), silent)
    cluster, patch = small.clusters["eu-west-1"], {"spec": {"replicas": 5}}
    await cluster.merge(DEPLOYMENT, "vision-stable", "vision", patch)
    results = await apply_everywhere(small.world(), request_for(platform), silent)
    assert not any(result.failed for result in results)


async def test_a_kind_that_the_cluster_lacks_is_named_and_left_out(
    platform: Platform, small: SmallWorld, request_for: Ask
) -> None:
    small.clusters["eu-west-1"].lack("ScaledObject")
    results = await apply_everywhere(small.world(), request_for(platform), silent)
    found = _by_region(results)["eu-west-1"]
    (left,) = [c for c in found.changes if c.action is Action.LEFT_OUT]
    assert "ScaledObject (keda.sh/v1alpha1)" in left.detail
    assert not found.failed


async def test_what_is_no_longer_rendered_is_pruned_by_the_inventory(
    platform: Platform, small: SmallWorld, request_for: Ask
) -> None:
    await apply_everywhere(small.world(), request_for(platform), silent)
    cluster = small.clusters["eu-west-1"]
    bystander = {"name": "of-somebody-else", "namespace": "vision"}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": bystander, "spec": {}}
    await cluster.apply_as("kubectl", service)
    cluster.lack("ScaledObject")
    results = await apply_everywhere(small.world(), request_for(platform, "eu-west-1"), silent)
    pruned = [c.what for c in results[0].changes if c.action is Action.PRUNED]
    assert pruned == ["ScaledObject/vision-stable"]
    assert cluster.find("Service/of-somebody-else")
    kind = Kind("keda.sh/v1alpha1", "ScaledObject")
    assert await cluster.read(kind, "vision-stable", "vision") is None


async def test_a_region_that_does_not_get_ready_says_why(
    platform: Platform, small: SmallWorld, request_for: Ask
) -> None:
    small.clusters["eu-west-1"].controllers = []
    asked = request_for(platform, timeout=0.3)
    found = _by_region(await apply_everywhere(small.world(), asked, silent))
    assert "not ready within 0.3 s" in found["eu-west-1"].error
    assert "the Gateway is not programmed" in found["eu-west-1"].error
    assert not found["us-east-1"].failed


async def test_a_doctored_artifact_stops_the_deployment_before_any_change(
    platform: Platform, small: SmallWorld, request_for: Ask
) -> None:
    (platform.models_folder / "wine" / "v1" / "model.onnx").write_bytes(b"other")
    with pytest.raises(ConfigurationError, match="digest"):
        await apply_everywhere(small.world(), request_for(platform), silent)
    assert small.writes == 0


async def test_a_missing_artifact_is_named_with_its_path(
    platform: Platform, small: SmallWorld, request_for: Ask
) -> None:
    (platform.models_folder / "wine" / "v1" / "model.onnx").unlink()
    with pytest.raises(ConfigurationError, match=r"wine/v1/model\.onnx"):
        await apply_everywhere(small.world(), request_for(platform), silent)


async def test_a_version_in_a_bucket_is_never_replaced(
    platform: Platform, small: SmallWorld, request_for: Ask
) -> None:
    await apply_everywhere(small.world(), request_for(platform), silent)
    (platform.models_folder / "wine" / "v1" / "manifest.json").write_text("{}")
    results = await apply_everywhere(small.world(), request_for(platform), silent)
    found = _by_region(results)["eu-west-1"]
    assert any("new version" in change.detail for change in found.changes)
    assert found.failed


async def test_an_evacuated_region_is_not_filled_again(
    platform: Platform, small: SmallWorld, request_for: Ask
) -> None:
    await apply_everywhere(small.world(), request_for(platform), silent)
    (record,) = [r for r in small.names.state.records if r.set_identifier == "eu-west-1"]
    await small.names.upsert_record("Z1", replace(record, weight=0))
    results = await apply_everywhere(small.world(), request_for(platform), silent)
    (after,) = [r for r in small.names.state.records if r.set_identifier == "eu-west-1"]
    assert after.weight == 0
    assert any("as routing left it" in change.detail for change in results[-1].changes)


async def test_what_route_53_cannot_change_is_a_failure_and_not_silent(
    platform: Platform, small: SmallWorld, request_for: Ask, make_platform: Make
) -> None:
    await apply_everywhere(small.world(), request_for(platform), silent)
    slower = make_platform(("switch: {interval: 10s", "switch: {interval: 30s"))
    results = await apply_everywhere(small.world(), request_for(slower), silent)
    assert results[-1].failed
    failed = [c for c in results[-1].changes if c.action is Action.FAILED]
    assert len(failed) == 6
    assert all("RequestInterval" in change.detail for change in failed)


async def test_a_region_that_left_the_platform_leaves_the_name_service(
    platform: Platform, small: SmallWorld, request_for: Ask, make_platform: Make
) -> None:
    await apply_everywhere(small.world(), request_for(platform), silent)
    row = "  - {name: ap-south-1, country: IN, residency: ap, weight: 100}\n"
    witness = ("models_source: models", "models_source: models\nlock: {witness: eu-central-1}")
    smaller = make_platform((row, ""), witness)
    await apply_everywhere(small.world(), request_for(smaller), silent)
    assert {r.set_identifier for r in small.names.state.records} == {"us-east-1", "eu-west-1"}
    assert not [c.name for c in small.names.state.health_checks if "ap-south-1" in c.name]
    deletions = [call for call in small.names.calls if call.startswith("delete")]
    assert deletions[0].startswith("delete record")


async def test_one_region_alone_leaves_the_records_of_the_others(
    platform: Platform, small: SmallWorld, request_for: Ask
) -> None:
    await apply_everywhere(small.world(), request_for(platform), silent)
    calls = len(small.names.calls)
    await apply_everywhere(small.world(), request_for(platform, "eu-west-1"), silent)
    assert len(small.names.calls) == calls
    assert len(small.names.state.records) == 3


async def test_progress_is_told_for_every_region(
    platform: Platform, small: SmallWorld, request_for: Ask
) -> None:
    told: list[Progress] = []
    await apply_everywhere(small.world(), request_for(platform), told.append)
    assert {p.region for p in told} == {*platform.region_names, CLOUD}
    assert all(p.done <= p.total for p in told)


@pytest.mark.parametrize(
    ("manager", "subresource", "kept"),
    [
        ("kube-controller-manager", "scale", False),
        ("keda", "scale", False),
        ("kubectl", "scale", True),
        ("kube-controller-manager", "status", True),
    ],
)
def test_replicas_are_the_autoscaler_s_once_it_set_them(
    manager: str, subresource: str, kept: bool
) -> None:
    wanted: dict[str, Any] = {"spec": {"replicas": 2, "paused": False}}
    live = {"metadata": {"managedFields": [{"manager": manager, "subresource": subresource}]}}
    assert ("replicas" in fit(wanted, live)["spec"]) is kept
    assert wanted["spec"]["replicas"] == 2
