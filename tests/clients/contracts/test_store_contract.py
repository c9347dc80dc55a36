"""What every ObjectStore does, in memory and as S3 behind the lab's front."""

import itertools
from collections.abc import Iterator

import pytest
from running_cloud import RunningCloud

import infctl.clients.object_store
from infctl.clients.aws import Account
from infctl.clients.object_store import S3Store
from infctl.errors import InfctlError, Unreachable
from infctl.fakes.store import FakeStore
from infctl.lab import addresses
from infctl.ports.cloud import ObjectStore

REGION = "eu-west-1"
_NUMBERS = itertools.count(1)


def real_store(running: RunningCloud, region: str = REGION) -> S3Store:
    host = running.lab.edge(running.lab.region(region), "cloud")
    endpoint = f"http://{host}:{addresses.CLOUD_PORT}"
    return S3Store(region, Account(region, endpoint, "test", "test"))


@pytest.fixture(params=["fake", "real"])
def store(request: pytest.FixtureRequest) -> Iterator[ObjectStore]:
    if request.param == "fake":
        yield FakeStore(REGION)
        return
    real = real_store(request.getfixturevalue("running"))
    yield real
    real.close()


@pytest.fixture
async def bucket(store: ObjectStore) -> str:
    name = f"contract-{next(_NUMBERS)}"
    await store.ensure_bucket(name)
    return name


async def test_a_bucket_is_made_once_and_keeps_what_is_in_it(
    store: ObjectStore, bucket: str
) -> None:
    await store.put(bucket, "key", b"body")
    await store.ensure_bucket(bucket, public_read=True)
    assert await store.get(bucket, "key") == b"body"
    assert (await store.buckets()).count(bucket) == 1


@pytest.mark.parametrize(
    "key", ["off/eu-west-1", "a key/with spaces & ümläuts", "models/digits/v1/model.onnx", "%2F+?"]
)
async def test_what_was_put_is_read_back_and_replaced(
    store: ObjectStore, bucket: str, key: str
) -> None:
    await store.put(bucket, key, bytes(range(256)))
    assert await store.get(bucket, key) == bytes(range(256))
    await store.put(bucket, key, b"")
    assert await store.get(bucket, key) == b""
    assert await store.keys(bucket) == [key]


async def test_a_deleted_object_is_gone_and_can_be_deleted_again(
    store: ObjectStore, bucket: str
) -> None:
    await store.put(bucket, "key", b"body")
    await store.delete(bucket, "key")
    assert await store.get(bucket, "key") is None
    assert await store.keys(bucket) == []
    await store.delete(bucket, "key")


async def test_keys_are_those_below_a_prefix_in_order(store: ObjectStore, bucket: str) -> None:
    for key in ("b/2", "b/1", "a", "bb"):
        await store.put(bucket, key, b"")
    assert await store.keys(bucket) == ["a", "b/1", "b/2", "bb"]
    assert await store.keys(bucket, "b/") == ["b/1", "b/2"]
    assert await store.keys(bucket, "none") == []


async def test_without_its_bucket_nothing_is_read_and_nothing_can_be_written(
    store: ObjectStore,
) -> None:
    assert await store.get("no-such-bucket", "key") is None
    await store.delete("no-such-bucket", "key")
    for work in (store.put("no-such-bucket", "key", b""), store.keys("no-such-bucket")):
        with pytest.raises(InfctlError) as caught:
            await work
        assert not isinstance(caught.value, Unreachable)


async def test_the_real_store_pages_and_versions(
    running: RunningCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = real_store(running)
    await real.ensure_bucket("paged")
    for number in range(1005):
        await real.put("paged", f"key-{number:04}", b"")
    assert len(await real.keys("paged")) == 1005
    client = running.client("s3", REGION, at=REGION)
    assert client.get_bucket_versioning(Bucket="paged")["Status"] == "Enabled"
    await real.put("paged", "large", b"12345")
    monkeypatch.setattr(infctl.clients.object_store, "LARGEST", 4)
    with pytest.raises(InfctlError, match="larger"):
        await real.get("paged", "large")
    real.close()


async def test_health_checkers_can_read_a_public_bucket_and_no_other(
    running: RunningCloud,
) -> None:
    import aiohttp

    real = real_store(running)
    host = running.lab.edge(running.lab.region(REGION), "cloud")
    seen = {}
    for bucket, is_public in (("contract-open", True), ("contract-shut", False)):
        await real.ensure_bucket(bucket, public_read=is_public)
        await real.put(bucket, "off/us-east-1", b"{}")
        url = f"http://{host}:{addresses.CLOUD_PORT}/{bucket}/off/us-east-1"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            seen[bucket] = answer.status
    real.close()
    assert seen == {"contract-open": 200, "contract-shut": 403}
