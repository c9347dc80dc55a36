import asyncio
import os
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from infctl.engine.fencing import FencedCluster, fenced, problems
from infctl.engine.fencing.granting import PROOF_SECONDS
from infctl.errors import Conflict, LeaseLost, Refused
from infctl.fakes.clock import FakeClock
from infctl.fakes.cluster import FakeCluster
from infctl.fakes.endpoint import Mood
from infctl.model import fence
from infctl.platform.render.fence import render_fence, render_policies, render_system_namespace
from infctl.ports.cluster import CONFIG_MAP, DEPLOYMENT, POD, Cluster

ROUNDS = int(os.environ.get("INFCTL_B12_ROUNDS", "50"))
Object = dict[str, Any]
Verb = Callable[[Cluster], Awaitable[Any]]


@pytest.fixture
async def cluster() -> FakeCluster:
    return await _make()


async def _make() -> FakeCluster:
    """With the fence, and one object of each kind that the verbs change."""
    made = FakeCluster("eu-west-1")
    for manifest in (_config("stands"), _config("doomed"), _pod("evicted"), _deployment()):
        await made.apply_as("kubectl", manifest)
    await made.apply(render_system_namespace())
    await made.apply(render_fence())
    return made


class Holder:
    """One holder's view of a cluster, and what it was told."""

    def __init__(self, cluster: Cluster, number: int) -> None:
        self.told: list[str] = []
        self.clock = FakeClock()
        clusters = fenced({"one": cluster}, number, f"run-{number}", self.clock, self.told.append)
        self.cluster = clusters["one"]


def _config(name: str, **data: str) -> Object:
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def _pod(name: str) -> Object:
    metadata = {"name": name, "namespace": "default", "labels": {"app": name}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": []}}


def _deployment() -> Object:
    metadata = {"name": "server", "namespace": "default"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata,
        "spec": {"replicas": 1},
    }


async def _apply(cluster: Cluster) -> Any:
    return await cluster.apply(_config("applied", key="1"))


async def _merge(cluster: Cluster) -> Any:
    return await cluster.merge(CONFIG_MAP, "stands", "default", {"data": {"key": "1"}})


async def _scale(cluster: Cluster) -> Any:
    return await cluster.merge(DEPLOYMENT, "server", "default", {"spec": {"replicas": 9}})


async def _create(cluster: Cluster) -> Any:
    return await cluster.create(_config("created"))


async def _delete(cluster: Cluster) -> Any:
    return await cluster.delete(CONFIG_MAP, "doomed", "default")


async def _evict(cluster: Cluster) -> Any:
    return await cluster.evict("evicted", "default")


VERBS: dict[str, Verb] = {
    "apply": _apply,
    "merge": _merge,
    "scale": _scale,
    "create": _create,
    "delete": _delete,
    "evict": _evict,
}


async def _granted(cluster: Cluster) -> int:
    return fence.granted(await cluster.read(CONFIG_MAP, fence.CONFIG_MAP_NAME, fence.SYSTEM))


@pytest.mark.parametrize("verb", [_apply, _merge, _create])
async def test_what_is_written_says_who_wrote_it(cluster: FakeCluster, verb: Verb) -> None:
    written = await verb(Holder(cluster, 7).cluster)
    annotations = written["metadata"]["annotations"]
    assert annotations == {fence.FENCE: "7", fence.RUN: "run-7"}


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
async def test_the_first_write_raises_the_fence_and_sees_an_older_one_refused(
    cluster: FakeCluster, verb: Verb
) -> None:
    holder = Holder(cluster, 7)
    await verb(holder.cluster)
    assert await _granted(cluster) == 7
    assert holder.told == []
    assert problems({"one": holder.cluster}) == []


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
async def test_b12_no_write_of_a_holder_who_slept_is_accepted(
    cluster: FakeCluster, verb: Verb
) -> None:
    """A acts, sleeps, B acts; then A wakes up in the middle of whatever it was doing."""
    slept, successor = Holder(cluster, 7), Holder(cluster, 8)
    await slept.cluster.apply(_config("first"))
    await successor.cluster.apply(_config("second"))
    version = cluster.storage.version
    with pytest.raises(LeaseLost, match="granted fence 8 to another holder, ours is 7"):
        await verb(slept.cluster)
    assert cluster.storage.version == version


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
async def test_whoever_comes_late_with_an_older_fence_does_not_even_begin(
    cluster: FakeCluster, verb: Verb
) -> None:
    await Holder(cluster, 8).cluster.apply(_config("second"))
    version = cluster.storage.version
    with pytest.raises(LeaseLost):
        await verb(Holder(cluster, 7).cluster)
    assert cluster.storage.version == version


async def _stale_after_sleeping(seed: int) -> int:
    """A is frozen at any instant of any verb, B acts, A goes on: how many writes of A came after.

    Whatever A has on its way arrives after B, as after SIGSTOP and SIGCONT.
    """
    chance, cluster = random.Random(seed), await _make()
    slept, successor = Holder(cluster, 7), Holder(cluster, 8)
    if chance.random() < 0.7:
        await slept.cluster.apply(_config("first"))
    frozen = asyncio.create_task(_all_of(slept.cluster, chance))
    for _ in range(chance.randrange(40)):
        await asyncio.sleep(0)
    verbs = chance.sample(list(VERBS.values()), 3)
    await asyncio.gather(*(verb(successor.cluster) for verb in verbs), return_exceptions=True)
    await frozen
    granted = next(
        number
        for number, change in enumerate(cluster.storage.history)
        if change.key[2] == fence.CONFIG_MAP_NAME and fence.granted(change.after) == 8
    )
    later = cluster.storage.history[granted:]
    gone = [c.before for c in later if c.after is None]
    return sum(fence.carried(o) == "7" for o in [*(c.after for c in later), *gone])


async def _all_of(cluster: Cluster, chance: random.Random) -> None:
    for verb in chance.sample(list(VERBS.values()), len(VERBS)):
        await asyncio.gather(verb(cluster), return_exceptions=True)


async def test_b12_frozen_at_any_instant_no_stale_write_is_accepted() -> None:
    stale = {seed: found for seed in range(ROUNDS) if (found := await _stale_after_sleeping(seed))}
    assert stale == {}


async def test_b12_would_find_a_cluster_that_compares_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("infctl.fakes.fences._compare", lambda *_: None)
    assert any([await _stale_after_sleeping(seed) for seed in range(20)])


async def test_a_deletion_between_mark_and_end_falls_to_the_successor(
    cluster: FakeCluster,
) -> None:
    slept, successor = Holder(cluster, 7), Holder(cluster, 8)
    delete = cluster.delete

    async def sleep_before(*words: Any, **named: Any) -> None:
        cluster.delete = delete  # type: ignore[method-assign]
        await successor.cluster.apply(_config("second"))
        await delete(*words, **named)

    cluster.delete = sleep_before  # type: ignore[method-assign]
    with pytest.raises(LeaseLost):
        await _delete(slept.cluster)
    assert await cluster.read(CONFIG_MAP, "doomed", "default")
    await _delete(successor.cluster)
    assert await cluster.read(CONFIG_MAP, "doomed", "default") is None


async def test_a_dry_run_raises_nothing(cluster: FakeCluster) -> None:
    version = cluster.storage.version
    planned = await Holder(cluster, 7).cluster.apply(_config("stands", key="2"), dry_run=True)
    assert planned["metadata"]["annotations"][fence.FENCE] == "7"
    assert cluster.storage.version == version


async def test_reads_pass_through_and_raise_nothing(cluster: FakeCluster) -> None:
    holder = Holder(cluster, 7).cluster
    version = cluster.storage.version
    assert holder.region == "eu-west-1"
    assert await holder.version() == await cluster.version()
    assert await holder.kinds() == await cluster.kinds()
    assert await holder.read(POD, "evicted", "default")
    assert len(await holder.list(CONFIG_MAP, "default")) == 2
    assert await holder.can("patch", DEPLOYMENT)
    assert (await anext(holder.watch(POD, "default"))).type == "LISTED"
    await holder.close()
    assert cluster.storage.version == version


async def test_a_cluster_without_a_fence_is_written_to_and_named_once() -> None:
    bare = FakeCluster("eu-west-1")
    holder = Holder(bare, 7)
    for number in range(3):
        await holder.cluster.apply(_config(f"c{number}"))
    (sentence,) = holder.told
    assert sentence.startswith("eu-west-1 has no fence")
    assert "writes of an older holder remain possible" in sentence
    assert problems({"one": holder.cluster}) == [sentence]


async def test_a_policy_that_is_not_in_force_is_named_after_the_deadline(
    cluster: FakeCluster,
) -> None:
    cluster.fenced = False
    holder = Holder(cluster, 7)
    began = holder.clock.boottime()
    await holder.cluster.apply(_config("applied"))
    assert "did not refuse an older fence within 2 s" in holder.told[0]
    assert holder.clock.boottime() - began == pytest.approx(PROOF_SECONDS, abs=0.1)


async def test_a_cluster_that_was_silent_is_told_of_the_fence_later(cluster: FakeCluster) -> None:
    holder = Holder(cluster, 7)
    assert isinstance(holder.cluster, FencedCluster)
    cluster.endpoint.mood = Mood.SILENT
    await holder.cluster.settle()
    assert "did not answer" in holder.told[0]
    cluster.endpoint.mood = Mood.ANSWERING
    await holder.cluster.apply(_config("applied"))
    assert await _granted(cluster) == 7
    assert holder.cluster.problem == ""


async def test_deploying_the_policies_puts_the_fence_in_force() -> None:
    bare = FakeCluster("eu-west-1")
    holder = Holder(bare, 7)
    for manifest in (render_system_namespace(), render_fence(), *render_policies()):
        await holder.cluster.apply(manifest)
    await holder.cluster.apply(_config("applied"))
    assert await _granted(bare) == 7
    assert problems({"one": holder.cluster}) == []


async def test_a_fence_that_is_no_number_is_made_one(cluster: FakeCluster) -> None:
    cluster.fenced = False
    patch = {"data": {fence.KEY: "seven"}}
    await cluster.merge(CONFIG_MAP, fence.CONFIG_MAP_NAME, fence.SYSTEM, patch)
    cluster.fenced = True
    await Holder(cluster, 7).cluster.apply(_config("applied"))
    assert await _granted(cluster) == 7


async def test_stamps_of_an_earlier_write_are_no_conflict(cluster: FakeCluster) -> None:
    await Holder(cluster, 7).cluster.merge(CONFIG_MAP, "stands", "default", {"data": {"a": "1"}})
    after = await Holder(cluster, 8).cluster.apply(_config("stands", b="2"))
    assert after["data"] == {"a": "1", "b": "2"}


async def test_taking_over_stamps_writes_over_no_edit_that_comes_between(
    cluster: FakeCluster,
) -> None:
    await Holder(cluster, 7).cluster.merge(CONFIG_MAP, "stands", "default", {"data": {"a": "1"}})
    apply = cluster.apply
    refused: list[Object] = []

    async def edited_after(manifest: Object, **named: Any) -> Object:
        try:
            return await apply(manifest, **named)
        except Conflict:
            if not refused:
                refused.append(manifest)
                await cluster.apply_as("kubectl", _config("stands", b="theirs"))
            raise

    cluster.apply = edited_after  # type: ignore[method-assign]
    with pytest.raises(Conflict) as caught:
        await Holder(cluster, 8).cluster.apply(_config("stands", b="2"))
    assert caught.value.managers == ("kubectl",)
    found = await cluster.read(CONFIG_MAP, "stands", "default")
    assert found is not None
    assert found["data"]["b"] == "theirs"


async def test_stamps_are_taken_over_at_the_version_that_was_read(cluster: FakeCluster) -> None:
    await Holder(cluster, 7).cluster.merge(CONFIG_MAP, "stands", "default", {"data": {"a": "1"}})
    read = await cluster.read(CONFIG_MAP, "stands", "default")
    assert read is not None
    wanted = _config("stands", b="2")
    wanted["metadata"]["resourceVersion"] = read["metadata"]["resourceVersion"]
    assert (await Holder(cluster, 8).cluster.apply(wanted))["data"] == {"a": "1", "b": "2"}
    with pytest.raises(Conflict):
        await Holder(cluster, 8).cluster.apply(wanted)


async def test_a_conflict_names_others_and_not_our_stamps(cluster: FakeCluster) -> None:
    await cluster.apply_as("kubectl", _config("stands", a="1"))
    await Holder(cluster, 7).cluster.merge(CONFIG_MAP, "stands", "default", {"data": {"b": "1"}})
    with pytest.raises(Conflict) as caught:
        await Holder(cluster, 8).cluster.apply(_config("stands", a="2"))
    assert caught.value.managers == ("kubectl",)
    assert caught.value.fields == (".data.a",)


async def test_a_budget_s_refusal_is_no_lost_lease(cluster: FakeCluster) -> None:
    budget = {**_config("one"), "apiVersion": "policy/v1", "kind": "PodDisruptionBudget"}
    budget["spec"] = {"minAvailable": 1, "selector": {"matchLabels": {"app": "evicted"}}}
    await cluster.apply_as("kubectl", budget)
    with pytest.raises(Refused, match="disruption budget"):
        await _evict(Holder(cluster, 7).cluster)


async def test_nothing_is_deleted_twice_and_nobody_is_no_error(cluster: FakeCluster) -> None:
    holder = Holder(cluster, 7).cluster
    await _delete(holder)
    await _delete(holder)
    assert await cluster.read(CONFIG_MAP, "doomed", "default") is None
