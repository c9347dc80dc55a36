"""The whole product over the world in memory: deploy, look, hurt a region, switch one off."""

from pathlib import Path

import pytest

from infctl.engine.deploy.regions import Request, apply_everywhere
from infctl.engine.deploy.results import silent
from infctl.engine.deploy.status import read_status
from infctl.fakes.endpoint import Mood
from infctl.fakes.world import FakeWorld, fake_world
from infctl.observe.snapshot import Target, observe
from infctl.platform import Platform, load
from infctl.ports.cluster import DEPLOYMENT
from infctl.ports.load import LoadRequest

PLATFORM = Path(__file__).parents[2] / "platform.yaml"
HOST, ZONE = "vision.infctl.test", "infctl.test"
REGION = "eu-west-1"


@pytest.fixture
def platform() -> Platform:
    return load(PLATFORM)


@pytest.fixture
async def deployed(platform: Platform) -> FakeWorld:
    fake = fake_world(platform.region_names)
    results = await apply_everywhere(fake.world(), request_of(platform), silent)
    assert [(r.region, r.error, r.failed) for r in results if r.error or r.failed] == []
    return fake


def request_of(platform: Platform) -> Request:
    return Request(platform, platform.region_names, {}, timeout=5.0)


async def answers(fake: FakeWorld, count: int = 30) -> set[str]:
    found = [await fake.resolver.resolve(HOST) for _ in range(count)]
    addresses = {address for answer in found for address in answer.addresses}
    return {name for name, gateway in fake.gateways.items() if gateway in addresses}


async def test_a_second_deployment_changes_nothing(deployed: FakeWorld, platform: Platform) -> None:
    versions = [c.storage.version for c in deployed.clusters.values()]
    results = await apply_everywhere(deployed.world(), request_of(platform), silent)
    assert not any(r.changed or r.failed for r in results)
    assert [c.storage.version for c in deployed.clusters.values()] == versions


async def test_what_was_deployed_is_current(deployed: FakeWorld, platform: Platform) -> None:
    rows = await read_status(deployed.world(), request_of(platform))
    assert [(r.state, r.ready, r.reason) for r in rows] == [("current", 2, "")] * 3


async def test_a_scaling_of_ours_is_no_conflict_with_the_next_deployment(
    deployed: FakeWorld, platform: Platform
) -> None:
    patch = {"spec": {"replicas": 5}}
    await deployed.clusters[REGION].merge(DEPLOYMENT, "vision-stable", "vision", patch)
    results = await apply_everywhere(deployed.world(), request_of(platform), silent)
    assert not any(r.failed for r in results)


async def test_every_region_is_answered_by_its_weight(deployed: FakeWorld) -> None:
    assert await answers(deployed) == set(deployed.gateways)


async def test_a_lost_region_leaves_the_answers_and_its_clients_fail(deployed: FakeWorld) -> None:
    await deployed.faults.inject("f1", "kill", f"region/{REGION}", 60)
    assert await answers(deployed) == set(deployed.gateways) - {REGION}
    deployed.silence("us-east-1")
    deployed.silence("ap-south-1")
    assert await answers(deployed) == set(deployed.gateways), "nothing healthy: fail open"
    assert deployed.reply(HOST).status == 0


async def test_a_fault_ends_with_its_lease(deployed: FakeWorld) -> None:
    await deployed.faults.inject("f1", "kill", f"region/{REGION}", 60)
    await deployed.clock.sleep(61)
    assert await deployed.faults.active() == []
    assert REGION in await answers(deployed)


async def test_a_switch_in_one_keeper_takes_a_region_out(deployed: FakeWorld) -> None:
    bucket = "vision-switches-us-east-1"
    await deployed.stores["us-east-1"].put(bucket, f"off/{REGION}", b"{}")
    assert REGION not in await answers(deployed)
    deployed.silence("us-east-1")
    assert REGION in await answers(deployed), "a keeper that is lost moves nothing"
    deployed.silence("us-east-1", Mood.ANSWERING)
    await deployed.stores["us-east-1"].delete(bucket, f"off/{REGION}")
    assert await answers(deployed) == set(deployed.gateways)


@pytest.mark.parametrize("mood", [Mood.SILENT, Mood.HANGING, Mood.REFUSING])
async def test_a_region_that_does_not_answer_is_unknown_and_the_others_are_not(
    deployed: FakeWorld, mood: Mood
) -> None:
    deployed.silence(REGION, mood)
    target = Target("vision", HOST, ZONE, tuple(deployed.gateways))
    snapshot = await observe(deployed.world(), target, deadline=0.2)
    lost, other = snapshot.region(REGION), snapshot.region("us-east-1")
    assert lost is not None
    assert other is not None
    assert not lost.replicas.known
    assert other.replicas.known
    assert not other.requests_per_second.known, "no data is not zero"


async def test_clients_go_where_the_answers_say(deployed: FakeWorld, tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"
    load_id = await deployed.load.start(LoadRequest(f"{HOST}:8080", 5, 10.0, 2.0, log))
    await deployed.clock.sleep(3)
    assert {r.region for r in deployed.load.read(log)} == set(deployed.gateways)
    await deployed.load.stop(load_id)
    before = deployed.load.read(log)
    await deployed.clock.sleep(3)
    assert deployed.load.read(log) == before
