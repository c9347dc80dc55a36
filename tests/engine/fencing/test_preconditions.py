"""B27: what changed between plan and act is not written over, and not deleted."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from infctl.engine.fencing import fenced
from infctl.engine.fencing.stamps import is_as_it_was
from infctl.errors import Conflict
from infctl.fakes.clock import FakeClock
from infctl.fakes.cluster import FakeCluster
from infctl.ports.cluster import CONFIG_MAP, POD, Cluster

Object = dict[str, Any]
Act = Callable[[Cluster, Object], Awaitable[Any]]
Change = Callable[[FakeCluster], Awaitable[Any]]

READY = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}


def _config(**data: str) -> Object:
    metadata = {"name": "one", "namespace": "default"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def _pod() -> Object:
    metadata = {"name": "one", "namespace": "default"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": []}}


async def _edited(cluster: FakeCluster) -> None:
    await cluster.apply_as("kubectl", _config(key="theirs"))


async def _made_anew(cluster: FakeCluster) -> None:
    for manifest, kind in ((_config(key="1"), CONFIG_MAP), (_pod(), POD)):
        await cluster.delete(kind, "one", "default")
        await cluster.apply_as("kubectl", manifest)


async def _gone(cluster: FakeCluster) -> None:
    await cluster.delete(CONFIG_MAP, "one", "default")


async def _patch_version(cluster: Cluster, read: Object) -> None:
    held = {"resourceVersion": read["metadata"]["resourceVersion"]}
    await cluster.merge(CONFIG_MAP, "one", "default", {"metadata": held, "data": {"key": "ours"}})


async def _patch_uid(cluster: Cluster, read: Object) -> None:
    held = {"uid": read["metadata"]["uid"]}
    await cluster.merge(CONFIG_MAP, "one", "default", {"metadata": held, "data": {"key": "ours"}})


async def _apply_version(cluster: Cluster, read: Object) -> None:
    manifest = _config(key="ours")
    manifest["metadata"]["resourceVersion"] = read["metadata"]["resourceVersion"]
    await cluster.apply(manifest, force=True)


async def _apply_uid(cluster: Cluster, read: Object) -> None:
    manifest = _config(key="ours")
    manifest["metadata"]["uid"] = read["metadata"]["uid"]
    await cluster.apply(manifest, force=True)


async def _delete_version(cluster: Cluster, read: Object) -> None:
    version = read["metadata"]["resourceVersion"]
    await cluster.delete(CONFIG_MAP, "one", "default", resource_version=version)


async def _delete_uid(cluster: Cluster, read: Object) -> None:
    await cluster.delete(CONFIG_MAP, "one", "default", uid=read["metadata"]["uid"])


async def _evict_uid(cluster: Cluster, read: Object) -> None:
    del read
    await cluster.evict("one", "default", uid="of-the-pod-that-was-read")


async def _create(cluster: Cluster, read: Object) -> None:
    del read
    await cluster.create(_config(key="ours"))


@pytest.fixture
async def cluster() -> FakeCluster:
    made = FakeCluster("eu-west-1")
    await made.apply_as("kubectl", _config(key="1"))
    await made.apply_as("kubectl", _pod())
    return made


@pytest.mark.parametrize(
    ("act", "change"),
    [
        (_patch_version, _edited),
        (_patch_version, _made_anew),
        (_patch_uid, _made_anew),
        (_apply_version, _edited),
        (_apply_version, _made_anew),
        (_apply_uid, _made_anew),
        (_apply_uid, _gone),
        (_delete_version, _edited),
        (_delete_version, _made_anew),
        (_delete_uid, _made_anew),
        (_evict_uid, _made_anew),
        (_create, _edited),
    ],
)
async def test_b27_an_act_on_another_object_than_was_read_stops(
    cluster: FakeCluster, act: Act, change: Change
) -> None:
    read = await cluster.read(CONFIG_MAP, "one", "default")
    assert read is not None
    await change(cluster)
    before = cluster.storage.version
    holder = fenced({"one": cluster}, 7, "run", FakeClock(), lambda _: None)["one"]
    with pytest.raises(Conflict):
        await act(holder, read)
    assert cluster.storage.version == before


def _at_the_end(cluster: FakeCluster, change: Change, times: int) -> list[int]:
    """Let something change right before a deletion ends, some times."""
    delete, counted = cluster.delete, [0]

    async def changed(*words: Any, **named: Any) -> None:
        if counted[0] < times:
            counted[0] += 1
            await change(cluster)
        await delete(*words, **named)

    cluster.delete = changed  # type: ignore[method-assign]
    return counted


async def _reported(cluster: FakeCluster) -> None:
    await cluster.write_status(POD, "one", "default", READY)


async def _labelled(cluster: FakeCluster) -> None:
    found = await cluster.read(POD, "one", "default")
    assert found is not None
    labelled = _pod()
    labelled["metadata"]["labels"] = {"kept": "yes"}
    await cluster.apply_as("kubectl", labelled)


async def test_a_status_that_moves_on_does_not_stop_a_deletion(cluster: FakeCluster) -> None:
    counted = _at_the_end(cluster, _reported, 3)
    holder = fenced({"one": cluster}, 7, "run", FakeClock(), lambda _: None)["one"]
    await holder.delete(POD, "one", "default")
    assert counted == [3]
    assert await cluster.read(POD, "one", "default") is None


async def test_a_status_that_never_rests_ends_the_attempts(cluster: FakeCluster) -> None:
    _at_the_end(cluster, _reported, 1000)
    holder = fenced({"one": cluster}, 7, "run", FakeClock(), lambda _: None)["one"]
    with pytest.raises(Conflict):
        await holder.delete(POD, "one", "default")


async def test_a_change_after_the_mark_stops_a_deletion(cluster: FakeCluster) -> None:
    _at_the_end(cluster, _labelled, 1)
    holder = fenced({"one": cluster}, 7, "run", FakeClock(), lambda _: None)["one"]
    with pytest.raises(Conflict):
        await holder.delete(POD, "one", "default")
    assert await cluster.read(POD, "one", "default")


@pytest.mark.parametrize(
    ("annotation", "is_same"),
    [("deployment.kubernetes.io/revision", True), ("kubernetes.io/change-cause", False)],
)
def test_what_a_controller_counts_is_nobodys_change(annotation: str, is_same: bool) -> None:
    before: Object = {"metadata": {"name": "web", "resourceVersion": "1"}, "spec": {"replicas": 2}}
    metadata = {"name": "web", "resourceVersion": "2", "annotations": {annotation: "2"}}
    assert is_as_it_was(before, {**before, "metadata": metadata}) is is_same
