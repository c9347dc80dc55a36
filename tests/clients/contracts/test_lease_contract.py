"""A Lease as a place of the lock, in memory and in a real API server, and what others put there."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from lock_site_contract import FIRST, check_compare_and_swap
from real_control_plane import ControlPlane

from infctl.clients.clock import SystemClock
from infctl.clients.cluster import KubernetesCluster
from infctl.engine.locks import (
    EnvironmentLock,
    Freeze,
    FreezeWatch,
    Who,
    break_lock,
    read_history,
    write_freeze,
)
from infctl.engine.locks.cluster_site import ClusterSite
from infctl.engine.locks.lease_record import ANNOTATION, read_lease, write_lease
from infctl.errors import LeaseLost, Refused
from infctl.fakes.cluster import FakeCluster
from infctl.fakes.world import fake_world
from infctl.model.fence import SYSTEM
from infctl.ports.cluster import LEASE, NAMESPACE, Cluster

_NUMBERS = itertools.count(1)


@pytest.fixture(
    params=["fake", pytest.param("real", marks=pytest.mark.control_plane)],
)
async def cluster(request: pytest.FixtureRequest) -> AsyncIterator[Cluster]:
    if request.param == "fake":
        yield FakeCluster("eu-west-1")
        return
    plane: ControlPlane = request.getfixturevalue("control_plane")
    real = KubernetesCluster(plane.region.name, plane.kubeconfig, plane.region.name)
    yield real
    await real.close()


def name() -> str:
    return f"lease-contract-{next(_NUMBERS)}"


async def test_a_lease_compares_and_swaps(cluster: Cluster) -> None:
    environment, clock = name(), SystemClock()
    first = ClusterSite(cluster, environment, clock)
    await check_compare_and_swap(first, ClusterSite(cluster, environment, clock))
    lease = await cluster.read(LEASE, f"infctl-lock-{environment}", SYSTEM)
    assert lease is not None
    assert lease["spec"]["holderIdentity"] == "ana@laptop run 01jrun"
    assert lease["spec"]["leaseDurationSeconds"] == 15


async def test_two_who_create_it_at_once_cannot_both_have_it(cluster: Cluster) -> None:
    environment, clock = name(), SystemClock()
    sites = [ClusterSite(cluster, environment, clock) for _ in range(8)]
    done = await asyncio.gather(
        *(site.write(FIRST, version="") for site in sites), return_exceptions=True
    )
    assert sum(not isinstance(d, BaseException) for d in done) == 1


async def test_a_lock_is_taken_renewed_lost_and_broken(cluster: Cluster) -> None:
    environment, clock = name(), SystemClock()
    sites = [ClusterSite(cluster, environment, clock)]
    locks = [
        EnvironmentLock(sites, clock, Who("ana", "laptop", n, f"run-{n}"), random=Random(n))
        for n in (1, 2)
    ]
    first, second = locks
    await first.acquire()
    with pytest.raises(Refused, match="run run-1 of ana on laptop"):
        await second.acquire()
    await first.renew()
    first.check()
    await break_lock(sites, first.id)
    await first.renew()
    with pytest.raises(LeaseLost):
        first.check()
    assert await second.acquire() > first.fence
    await second.release()


HOSTILE: dict[str, Any] = {
    "not JSON": "{",
    "no object": "[]",
    "a number": "7",
    "empty": "",
    "deep": "[" * 5000,
    "large": "x" * 200_000,
    "lacks fields": '{"id": "a"}',
    "more fields": '{"id": "a", "extra": 1}',
    "negative fence": None,
    "text for fence": None,
    "endless duration": None,
    "yes for free": None,
}
_BROKEN = {
    "negative fence": ('"fence": 7', '"fence": -7'),
    "text for fence": ('"fence": 7', '"fence": "7"'),
    "endless duration": ('"duration": 15.0', '"duration": Infinity'),
    "yes for free": ('"free": false', '"free": "yes"'),
}


def hostile_text(kind: str) -> str:
    text = HOSTILE[kind]
    if text is not None:
        return str(text)
    whole = write_lease("x", FIRST, wall=0.0)["metadata"]["annotations"][ANNOTATION]
    return str(whole).replace(*_BROKEN[kind])


@pytest.mark.parametrize("kind", HOSTILE)
async def test_a_lease_that_cannot_be_read_is_held_until_it_is_broken(
    cluster: Cluster, kind: str
) -> None:
    environment, clock = name(), SystemClock()
    site = ClusterSite(cluster, environment, clock)
    seen = await site.write(FIRST, version="")
    patch = {"metadata": {"annotations": {ANNOTATION: hostile_text(kind)}}}
    await cluster.merge(LEASE, f"infctl-lock-{environment}", SYSTEM, patch)
    seen = await site.read()
    assert seen.holding is not None
    lock = EnvironmentLock([site], clock, Who("ana", "laptop", 1, "run-1"), random=Random(1))
    with pytest.raises(Refused, match="cannot be read") as refusal:
        await lock.acquire()
    assert f"infctl locks break --id {seen.holding.id}" in refusal.value.hint
    with pytest.raises(Refused):
        await break_lock([site], "wrong")
    await break_lock([site], seen.holding.id)
    assert await lock.acquire() > 0
    await lock.release()


@pytest.mark.parametrize(
    "lease",
    [
        {},
        {"metadata": None, "spec": None},
        {"metadata": {"annotations": []}, "spec": []},
        {"metadata": {"annotations": {ANNOTATION: 7}}, "spec": {"holderIdentity": 7}},
        {"metadata": {"annotations": {"infctl.dev/lock": "{" * 100}}},
    ],
)
def test_a_lease_of_any_shape_is_read_without_a_crash(lease: dict[str, Any]) -> None:
    read_lease(lease)


async def test_a_lease_that_others_made_and_nobody_holds_is_free(cluster: Cluster) -> None:
    environment = name()
    site = ClusterSite(cluster, environment, SystemClock())
    if await cluster.read(NAMESPACE, SYSTEM) is None:
        await cluster.create(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM}}
        )
    await cluster.create(
        {
            "apiVersion": LEASE.api_version,
            "kind": LEASE.kind,
            "metadata": {"name": f"infctl-lock-{environment}", "namespace": SYSTEM},
            "spec": {"leaseDurationSeconds": 15},
        }
    )
    seen = await site.read()
    assert seen.holding is None
    assert (await site.write(FIRST, version=seen.version)).holding == FIRST


@pytest.mark.control_plane
async def test_a_freeze_reaches_a_real_cluster_and_is_lifted_there(
    control_plane: ControlPlane,
) -> None:
    real = KubernetesCluster(
        control_plane.region.name, control_plane.kubeconfig, control_plane.region.name
    )
    world = replace(fake_world().world(), clusters={real.region: real}, clock=SystemClock())
    watch = FreezeWatch(world, lambda: None, world.clock)
    for word in (Freeze("wrong region", "ana", 1.0), Freeze("right", "ben", 2.0, lifted=True)):
        assert (await write_freeze(world, word)).silent == {}
        await watch.ask()
        assert watch.current() == (None if word.lifted else word)
    assert len(await read_history(real)) == 2
    await real.close()


async def test_where_the_lease_is_gone_the_fence_goes_on_from_what_was_granted() -> None:
    fake = fake_world(("eu-west-1",))
    cluster, clock = fake.clusters["eu-west-1"], fake.clock
    await cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM}})
    await cluster.create(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "infctl-fence", "namespace": SYSTEM},
            "data": {"fence": "26"},
        }
    )
    site = ClusterSite(cluster, "lab", clock)
    lock = EnvironmentLock([site], clock, Who("ana", "laptop", 1, "01jrun"), random=Random(1))
    assert await lock.acquire() == 27
    await lock.release()
    again = EnvironmentLock([site], clock, Who("bob", "laptop", 2, "01jnew"), random=Random(2))
    assert await again.acquire() == 28
