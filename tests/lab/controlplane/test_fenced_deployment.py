"""A deployment to a real, empty API server: it brings its own fence, and comes again in peace."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fence_policies import granted, lift
from real_control_plane import ControlPlane

from infctl.clients.clock import SystemClock
from infctl.clients.cluster import KubernetesCluster
from infctl.engine.deploy.plan import plan_everywhere
from infctl.engine.deploy.regions import Request
from infctl.engine.deploy.results import Action, RegionResult, silent
from infctl.executor.deployment import Deployment, deploy
from infctl.fakes.world import fake_world
from infctl.model import fence
from infctl.platform import Platform, load
from infctl.platform.starter import starter
from infctl.ports.cluster import CONFIG_MAP, DEPLOYMENT
from infctl.ports.world import World

pytestmark = pytest.mark.control_plane

REGION = "eu-west-1"
SERVICE = "fenced"
SECONDS = 8.0


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    """Of a service of its own, without models."""
    text = starter(tmp_path)
    path = tmp_path / "platform.yaml"
    path.write_text(text.replace("name: vision", f"name: {SERVICE}"))
    return load(path)


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def plane(control_plane: ControlPlane) -> Iterator[ControlPlane]:
    """Without locks and fences of the tests before."""
    control_plane.kubectl("delete", "namespace", fence.SYSTEM, "--timeout=25s")
    yield control_plane
    control_plane.kubectl("delete", "namespace", SERVICE, "--wait=false")
    control_plane.kubectl("delete", "priorityclass", f"{SERVICE}-critical")
    lift(control_plane)


@pytest.fixture
async def cluster(plane: ControlPlane) -> AsyncIterator[KubernetesCluster]:
    client = KubernetesCluster(plane.region.name, plane.kubeconfig, plane.region.name)
    yield client
    await client.close()


def _world(cluster: KubernetesCluster) -> World:
    return replace(fake_world([REGION]).world(), clusters={REGION: cluster}, clock=SystemClock())


async def _deploy(cluster: KubernetesCluster, platform: Platform) -> Deployment:
    """No node runs the pods, so that it ends where it would wait for them."""
    return await deploy(_world(cluster), Request(platform, (REGION,), {}, SECONDS), silent)


def _objects(result: RegionResult) -> dict[str, Action]:
    return {c.what: c.action for c in result.changes if not c.what.startswith(("bucket", "arti"))}


async def test_a_deployment_brings_its_fence_and_the_next_changes_nothing(
    cluster: KubernetesCluster, platform: Platform
) -> None:
    first = await _deploy(cluster, platform)
    assert first.problems == []
    done = _objects(first.results[0])
    assert first.results[0].error.startswith("not ready within"), first.results[0]
    assert done[f"Deployment/{SERVICE}-stable"] is Action.CREATED
    # Other tests on this server may have left the policies, which are of no service.
    assert set(done.values()) <= {Action.CREATED, Action.CHANGED, Action.UNCHANGED}
    deployed = await cluster.read(DEPLOYMENT, f"{SERVICE}-stable", SERVICE)
    assert fence.carried(deployed) == str(await granted(cluster))

    before = {o["metadata"]["uid"]: o for o in await cluster.list(CONFIG_MAP, SERVICE)}
    second = await _deploy(cluster, platform)
    assert set(_objects(second.results[0]).values()) == {Action.UNCHANGED}
    after = {o["metadata"]["uid"]: o for o in await cluster.list(CONFIG_MAP, SERVICE)}
    assert after == before

    # Long after other runs had their turn, a plan without a lock still sees no difference.
    patch = {"metadata": {"annotations": {fence.FENCE: "999"}}, "data": {fence.KEY: "999"}}
    await cluster.merge(CONFIG_MAP, fence.CONFIG_MAP_NAME, fence.SYSTEM, patch)
    (region, _) = await plan_everywhere(_world(cluster), Request(platform, (REGION,), {}, SECONDS))
    assert set(_objects(region.result).values()) == {Action.UNCHANGED}
    assert region.difference == ""
