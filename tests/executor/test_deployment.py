"""Deployments hold the lock, carry its fence, and stop where they must."""

from pathlib import Path

import pytest

from infctl.engine.deploy.regions import Request
from infctl.engine.deploy.results import Action, Progress, RegionResult, silent
from infctl.engine.locks import EnvironmentLock, Who, lock_sites
from infctl.engine.locks.freeze import Freeze, write_freeze
from infctl.errors import Frozen, Refused
from infctl.executor.deployment import deploy
from infctl.fakes.world import FakeWorld, fake_world
from infctl.model import fence
from infctl.platform import Platform, load
from infctl.platform.starter import starter
from infctl.ports.cluster import CONFIG_MAP, DEPLOYMENT


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    path = tmp_path / "platform.yaml"
    path.write_text(starter(tmp_path))
    return load(path)


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def empty(platform: Platform) -> FakeWorld:
    return fake_world(platform.region_names)


def _ask(platform: Platform) -> Request:
    return Request(platform, platform.region_names, {}, 5.0)


async def _granted(world: FakeWorld, region: str) -> int:
    cluster = world.clusters[region]
    return fence.granted(await cluster.read(CONFIG_MAP, fence.CONFIG_MAP_NAME, fence.SYSTEM))


async def _written(world: FakeWorld, region: str) -> int:
    """The fence that the Deployment carries."""
    found = await world.clusters[region].read(DEPLOYMENT, "vision-stable", "vision")
    return int(fence.carried(found))


def _failures(results: list[RegionResult]) -> list[str]:
    return [result.error for result in results if result.failed]


async def test_a_first_deployment_brings_lock_fence_and_policies_to_empty_clusters(
    platform: Platform, empty: FakeWorld
) -> None:
    done = await deploy(empty.world(), _ask(platform), silent)
    assert _failures(done.results) == []
    assert done.problems == []
    for region in platform.region_names:
        assert await _granted(empty, region) == await _written(empty, region) == 1
        created = {c.what for c in done.results[0].changes if c.action is Action.CREATED}
        assert f"ValidatingAdmissionPolicy/{fence.POLICY_NAME}" in created


async def test_a_second_deployment_changes_nothing_and_raises_nothing(
    platform: Platform, empty: FakeWorld
) -> None:
    await deploy(empty.world(), _ask(platform), silent)
    done = await deploy(empty.world(), _ask(platform), silent)
    assert not any(result.changed or result.failed for result in done.results)
    assert await _granted(empty, "eu-west-1") == await _written(empty, "eu-west-1") == 1


async def test_what_another_holder_wrote_since_is_written_over_by_a_newer_fence(
    platform: Platform, empty: FakeWorld
) -> None:
    await deploy(empty.world(), _ask(platform), silent)
    cluster = empty.clusters["eu-west-1"]
    patch = {"metadata": {"annotations": {fence.FENCE: "1"}}, "spec": {"replicas": 9}}
    await cluster.merge(DEPLOYMENT, "vision-stable", "vision", patch)
    done = await deploy(empty.world(), _ask(platform), silent)
    changed = [c.what for c in done.results[1].changes if c.action is Action.CHANGED]
    assert changed == ["Deployment/vision-stable"]
    assert await _granted(empty, "eu-west-1") == await _written(empty, "eu-west-1") > 1
    assert await _granted(empty, "us-east-1") == 1


async def test_nobody_deploys_while_another_holds_the_lock(
    platform: Platform, empty: FakeWorld
) -> None:
    world = empty.world()
    who = Who("ana", "her-laptop", 1, "run-of-ana")
    await EnvironmentLock(lock_sites(world), world.clock, who).acquire()
    with pytest.raises(Refused, match="ana"):
        await deploy(empty.world(), _ask(platform), silent)
    assert await empty.clusters["eu-west-1"].read(DEPLOYMENT, "vision-stable", "vision") is None


async def test_nobody_deploys_while_everything_is_frozen(
    platform: Platform, empty: FakeWorld
) -> None:
    world = empty.world()
    await write_freeze(world, Freeze("a fire", "ana", world.clock.wall()))
    with pytest.raises(Frozen, match="a fire"):
        await deploy(world, _ask(platform), silent)
    assert await empty.clusters["eu-west-1"].read(DEPLOYMENT, "vision-stable", "vision") is None


async def test_a_lock_that_is_lost_on_the_way_ends_the_deployment(
    platform: Platform, empty: FakeWorld
) -> None:
    """As a machine that slept: the clock runs on, and the lease with it."""
    slept: list[str] = []

    def sleep(progress: Progress) -> None:
        if progress.stage == "objects" and progress.done == 5 and not slept:
            slept.append(progress.region)
            empty.clock.now += 3600.0

    done = await deploy(empty.world(), _ask(platform), sleep)
    assert len(_failures(done.results)) >= 1
    assert any("lease" in error or "lock" in error for error in _failures(done.results))
    assert done.results[-1].failed
    assert await empty.clusters[slept[0]].read(DEPLOYMENT, "vision-stable", "vision") is None
