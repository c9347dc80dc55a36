"""A Lease as a place of the lock: what is written, what is read back, and what is refused."""

from dataclasses import replace
from typing import Any

import pytest
from toy_hosts import EPOCH, Host

from infctl.engine.locks.cluster_site import ClusterSite
from infctl.engine.locks.lease_record import ANNOTATION, read_lease, write_lease
from infctl.errors import Conflict
from infctl.fakes.cluster import FakeCluster
from infctl.ports.cluster import LEASE
from infctl.ports.lock import Holding, Seen

OURS = Holding("a" * 16, "ana", "host", 42, "run-1", 7, 3, EPOCH + 0.25, 15.0, step="scale")


def test_the_lease_tells_people_who_holds_it_since_when_and_how_long() -> None:
    lease = write_lease("lab", OURS, wall=EPOCH + 6.5)
    assert (lease["apiVersion"], lease["kind"]) == ("coordination.k8s.io/v1", "Lease")
    assert lease["metadata"]["name"] == "infctl-lock-lab"
    assert lease["metadata"]["namespace"] == "infctl-system"
    assert lease["spec"] == {
        "holderIdentity": "ana@host run run-1",
        "leaseDurationSeconds": 15,
        "acquireTime": "2023-11-14T22:13:20.250000Z",
        "renewTime": "2023-11-14T22:13:26.500000Z",
        "leaseTransitions": 7,
    }
    assert read_lease(lease) == OURS


def test_a_free_lease_names_nobody_and_numbers_stay_what_the_api_takes() -> None:
    free = replace(OURS, free=True, duration=0.0, fence=2**40)
    spec = write_lease("lab", free, wall=EPOCH)["spec"]
    assert spec["holderIdentity"] is None
    assert spec["leaseDurationSeconds"] == 1
    assert spec["leaseTransitions"] == 2**31 - 1


@pytest.mark.parametrize("lease", [None, {}, {"spec": {}}, {"metadata": None, "spec": None}])
def test_nobody_holds_a_lease_without_record_and_identity(lease: Any) -> None:
    assert read_lease(lease) is None


def test_what_cannot_be_read_is_held_for_ever_by_whom_it_names() -> None:
    foreign = read_lease({"spec": {"holderIdentity": "controller-0"}})
    assert foreign is not None
    assert "controller-0" in foreign.holder
    assert foreign.duration == float("inf")
    spoiled = read_lease({"metadata": {"annotations": {ANNOTATION: "{"}}, "spec": {}})
    assert spoiled is not None
    assert not spoiled.free


async def test_a_place_is_empty_then_ours_then_changed_only_from_the_version_read() -> None:
    cluster = FakeCluster("eu-west-1")
    site = ClusterSite(cluster, "lab", Host("host"))
    assert site.name == "eu-west-1"
    assert await site.read() == Seen(None, "")
    first = await site.write(OURS, version="")
    assert first == await site.read()
    assert first.holding == OURS
    assert first.version
    with pytest.raises(Conflict):
        await site.write(OURS, version="")
    newer = replace(OURS, renewal=4)
    second = await site.write(newer, version=first.version)
    assert second.holding == newer
    assert second.version != first.version
    with pytest.raises(Conflict):
        await site.write(replace(OURS, renewal=5), version=first.version)
    lease = await cluster.read(LEASE, "infctl-lock-lab", "infctl-system")
    assert lease is not None
    assert lease["spec"]["renewTime"].startswith("2023-11-1")
    assert (await site.read()).holding == newer
