"""What every Cluster does, in memory and against a real API server."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from cluster_subjects import READY, Subject, fake_subject, real_subject, viewing

import infctl.clients.cluster
from infctl.errors import Conflict, InfctlError, Refused, Unreachable
from infctl.fakes.cluster import FakeCluster
from infctl.ports.cluster import CONFIG_MAP, DEPLOYMENT, GATEWAY, POD, Cluster, Event, Kind

SECONDS = 15.0
UNHEARD_OF = Kind("example.com/v1", "Unicorn")


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.control_plane)])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    if request.param == "fake":
        yield await fake_subject()
        return
    plane = request.getfixturevalue("control_plane")
    real = real_subject(plane, request.getfixturevalue("namespace"))
    yield real
    await real.cluster.close()


async def test_it_says_its_version_and_what_it_knows(subject: Subject) -> None:
    assert (await subject.cluster.version()).startswith("v1.")
    assert {CONFIG_MAP, DEPLOYMENT, GATEWAY} <= await subject.cluster.kinds()
    assert UNHEARD_OF not in await subject.cluster.kinds()


async def test_what_is_not_there_reads_as_none(subject: Subject) -> None:
    assert await subject.cluster.read(CONFIG_MAP, "nobody", subject.namespace) is None
    assert await subject.cluster.read(CONFIG_MAP, "nobody", "no-such-namespace") is None
    assert await subject.cluster.read(UNHEARD_OF, "nobody", subject.namespace) is None


async def test_an_applied_object_is_stored_and_read_back(subject: Subject) -> None:
    applied = await subject.cluster.apply(subject.config("one", key="value"))
    found = await subject.cluster.read(CONFIG_MAP, "one", subject.namespace)
    assert found is not None
    assert found["data"] == {"key": "value"}
    assert Kind.of(found) == CONFIG_MAP
    for name in ("uid", "resourceVersion"):
        assert found["metadata"][name] == applied["metadata"][name]


async def test_applying_the_same_again_changes_nothing(subject: Subject) -> None:
    first = await subject.cluster.apply(subject.config("one", key="value"))
    again = await subject.cluster.apply(subject.config("one", key="value"))
    assert again["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


async def test_what_we_no_longer_apply_goes_and_what_others_own_stays(subject: Subject) -> None:
    await subject.cluster.apply(subject.config("one", ours="1", gone="1"))
    await subject.apply_as("kubectl", subject.config("one", theirs="1"))
    after = await subject.cluster.apply(subject.config("one", ours="1"))
    assert after["data"] == {"ours": "1", "theirs": "1"}


async def test_a_dry_run_tells_the_result_and_stores_nothing(subject: Subject) -> None:
    would_be = await subject.cluster.apply(subject.config("one", key="value"), dry_run=True)
    assert would_be["data"] == {"key": "value"}
    assert await subject.cluster.read(CONFIG_MAP, "one", subject.namespace) is None


async def test_a_conflict_names_the_managers_and_the_fields(subject: Subject) -> None:
    await subject.cluster.apply(subject.deployment("server", 2))
    await subject.apply_as("kubectl-edit", subject.deployment("server", 5, "infctl.dev/none:2"))
    with pytest.raises(Conflict) as caught:
        await subject.cluster.apply(subject.deployment("server", 3, "infctl.dev/none:3"))
    assert caught.value.managers == ("kubectl-edit",)
    assert set(caught.value.fields) == {
        ".spec.replicas",
        '.spec.template.spec.containers[name="server"].image',
    }
    forced = await subject.cluster.apply(subject.deployment("server", 3), force=True)
    assert forced["spec"]["replicas"] == 3


async def test_the_generation_counts_changes_of_the_spec_alone(subject: Subject) -> None:
    first = await subject.cluster.apply(subject.deployment("server", 1))
    labelled = subject.deployment("server", 1)
    labelled["metadata"]["labels"] = {"tier": "one"}
    second = await subject.cluster.apply(labelled)
    third = await subject.cluster.apply(subject.deployment("server", 2))
    found = [o["metadata"]["generation"] for o in (first, second, third)]
    assert found == [1, 1, 2]


async def test_a_namespace_or_a_kind_that_is_missing_is_refused(subject: Subject) -> None:
    lost = subject.config("one")
    lost["metadata"]["namespace"] = "no-such-namespace"
    unknown = {**subject.config("one"), "apiVersion": UNHEARD_OF.api_version, "kind": "Unicorn"}
    for manifest in (lost, unknown):
        with pytest.raises(InfctlError) as caught:
            await subject.cluster.apply(manifest)
        assert not isinstance(caught.value, Unreachable)
    with pytest.raises(InfctlError):
        await subject.cluster.list(UNHEARD_OF, subject.namespace)


async def test_a_merge_changes_removes_and_keeps(subject: Subject) -> None:
    await subject.cluster.apply(subject.config("one", kept="1", changed="1", removed="1"))
    patch = {"data": {"changed": "2", "removed": None}}
    merge = subject.cluster.merge
    assert (await merge(CONFIG_MAP, "one", subject.namespace, patch, dry_run=True))["data"] == {
        "kept": "1",
        "changed": "2",
    }
    before = await subject.cluster.read(CONFIG_MAP, "one", subject.namespace)
    assert before is not None
    assert before["data"]["removed"] == "1"
    await merge(CONFIG_MAP, "one", subject.namespace, patch)
    after = await subject.cluster.read(CONFIG_MAP, "one", subject.namespace)
    assert after is not None
    assert after["data"] == {"kept": "1", "changed": "2"}


@pytest.mark.parametrize("name", ["resourceVersion", "uid"])
async def test_a_merge_into_another_object_than_was_read_is_a_conflict(
    subject: Subject, name: str
) -> None:
    read = await subject.cluster.apply(subject.config("one", key="1"))
    await subject.cluster.delete(CONFIG_MAP, "one", subject.namespace)
    await subject.cluster.apply(subject.config("one", key="2"))
    patch = {"metadata": {name: read["metadata"][name]}, "data": {"key": "3"}}
    with pytest.raises(Conflict):
        await subject.cluster.merge(CONFIG_MAP, "one", subject.namespace, patch)
    found = await subject.cluster.read(CONFIG_MAP, "one", subject.namespace)
    assert found is not None
    assert found["data"] == {"key": "2"}


@pytest.mark.parametrize("name", ["resourceVersion", "uid"])
async def test_an_apply_over_another_object_than_was_read_is_a_conflict(
    subject: Subject, name: str
) -> None:
    read = await subject.cluster.apply(subject.config("one", key="1"))
    manifest = subject.config("one", key="3")
    manifest["metadata"][name] = read["metadata"][name]
    await subject.cluster.delete(CONFIG_MAP, "one", subject.namespace)
    if name == "uid":
        with pytest.raises(Conflict):
            await subject.cluster.apply(manifest)
    await subject.cluster.apply(subject.config("one", key="2"))
    with pytest.raises(Conflict):
        await subject.cluster.apply(manifest, force=True)
    found = await subject.cluster.read(CONFIG_MAP, "one", subject.namespace)
    assert found is not None
    assert found["data"] == {"key": "2"}


async def test_a_merge_into_nothing_is_refused(subject: Subject) -> None:
    with pytest.raises(InfctlError):
        await subject.cluster.merge(CONFIG_MAP, "nobody", subject.namespace, {"data": {}})


async def test_a_deletion_holds_to_the_uid_and_a_missing_object_is_deleted(
    subject: Subject,
) -> None:
    delete = subject.cluster.delete
    made = await subject.cluster.apply(subject.config("one"))
    with pytest.raises(Conflict):
        await delete(CONFIG_MAP, "one", subject.namespace, uid="0-0-0")
    assert await subject.cluster.read(CONFIG_MAP, "one", subject.namespace)
    await delete(CONFIG_MAP, "one", subject.namespace, uid=made["metadata"]["uid"])
    assert await subject.cluster.read(CONFIG_MAP, "one", subject.namespace) is None
    await delete(CONFIG_MAP, "one", subject.namespace)


async def test_a_deletion_holds_to_the_version_that_was_read(subject: Subject) -> None:
    read = await subject.cluster.apply(subject.config("one", key="1"))
    changed = await subject.cluster.apply(subject.config("one", key="2"))
    delete = subject.cluster.delete
    old, new = (o["metadata"]["resourceVersion"] for o in (read, changed))
    with pytest.raises(Conflict):
        await delete(CONFIG_MAP, "one", subject.namespace, resource_version=old)
    assert await subject.cluster.read(CONFIG_MAP, "one", subject.namespace)
    await delete(CONFIG_MAP, "one", subject.namespace, resource_version=new)
    assert await subject.cluster.read(CONFIG_MAP, "one", subject.namespace) is None


async def test_what_is_created_is_ours_and_a_taken_name_is_a_conflict(subject: Subject) -> None:
    create = subject.cluster.create
    dry = await create(subject.config("one", key="1"), dry_run=True)
    assert dry["data"] == {"key": "1"}
    assert await subject.cluster.read(CONFIG_MAP, "one", subject.namespace) is None
    made = await create(subject.config("one", key="1"))
    assert [m["manager"] for m in made["metadata"]["managedFields"]] == ["infctl"]
    with pytest.raises(Conflict) as caught:
        await create(subject.config("one", key="2"))
    assert not caught.value.managers
    found = await subject.cluster.read(CONFIG_MAP, "one", subject.namespace)
    assert found is not None
    assert found["data"] == {"key": "1"}


async def test_who_reads_applies_or_only_tries_to_is_told_the_same_owners(subject: Subject) -> None:
    made = await subject.cluster.apply(subject.config("one", key="1"))
    tried = await subject.cluster.apply(subject.config("one", key="1"), dry_run=True)
    read = await subject.cluster.read(CONFIG_MAP, "one", subject.namespace)
    assert read is not None
    owned = [e["fieldsV1"] for o in (made, tried, read) for e in o["metadata"]["managedFields"]]
    assert owned == [{"f:data": {"f:key": {}}}] * 3


async def test_an_eviction_waits_for_the_budget_and_tells_its_words(subject: Subject) -> None:
    labels, cluster = {"app": "evicted"}, subject.cluster
    await cluster.create(subject.budget("one", labels, 1))
    pods = [await cluster.create(subject.pod(name, labels)) for name in ("first", "second")]
    for pod in pods:
        await subject.report(pod["metadata"]["name"], READY)
    await _evict(subject, "first", uid=pods[0]["metadata"]["uid"])
    await _wait_gone(subject, "first")
    with pytest.raises(Refused, match=r"violate the pod's disruption budget.*needs 1 healthy"):
        await cluster.evict("second", subject.namespace)
    assert await cluster.read(POD, "second", subject.namespace)


async def test_an_eviction_holds_to_the_uid_and_nobody_is_evicted(subject: Subject) -> None:
    await subject.cluster.create(subject.pod("first", {}))
    with pytest.raises(Conflict):
        await subject.cluster.evict("first", subject.namespace, uid="0-0-0")
    assert await subject.cluster.read(POD, "first", subject.namespace)
    await subject.cluster.evict("nobody", subject.namespace)


async def test_a_pod_that_never_ran_may_go_whatever_the_budget(subject: Subject) -> None:
    labels = {"app": "pending"}
    await subject.cluster.create(subject.budget("one", labels, 1))
    await subject.cluster.create(subject.pod("first", labels))
    await subject.report("first", {"phase": "Pending"})
    await subject.cluster.evict("first", subject.namespace)
    await _wait_gone(subject, "first")


async def test_rights_are_asked_of_the_server(subject: Subject) -> None:
    can = subject.cluster.can
    assert await can("patch", DEPLOYMENT, subject.namespace)
    assert await can("create", POD, subject.namespace, subresource="eviction")
    assert not await can("get", UNHEARD_OF, subject.namespace)


@pytest.mark.parametrize("kind", ["fake", pytest.param("real", marks=pytest.mark.control_plane)])
async def test_a_right_that_somebody_lacks_is_a_no(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    if kind == "fake":
        denied = {("patch", DEPLOYMENT), ("create", POD)}
        cluster: Cluster = FakeCluster("eu-west-1", forbidden=denied)
    else:
        cluster = viewing(request.getfixturevalue("control_plane"), tmp_path)
    assert await cluster.can("get", DEPLOYMENT, "default")
    assert not await cluster.can("patch", DEPLOYMENT, "default")
    assert not await cluster.can("create", POD, "default", subresource="eviction")
    await cluster.close()


async def test_a_list_is_whole_whatever_its_pages_and_keeps_to_the_selector(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(infctl.clients.cluster, "PAGE", 2)
    for number in range(5):
        label = {"parity": "even" if number % 2 == 0 else "odd"}
        await subject.cluster.apply(subject.config(f"c{number}", label))
    everything = await subject.cluster.list(CONFIG_MAP, subject.namespace)
    ours = [o for o in everything if o["metadata"]["name"].startswith("c")]
    assert [o["metadata"]["name"] for o in ours] == [f"c{n}" for n in range(5)]
    assert all(Kind.of(found) == CONFIG_MAP for found in ours)
    for selector, names in {
        "parity=even": ["c0", "c2", "c4"],
        "parity!=even,parity": ["c1", "c3"],
        "parity in (odd, none)": ["c1", "c3"],
        "parity=none": [],
    }.items():
        found = await subject.cluster.list(CONFIG_MAP, subject.namespace, selector)
        assert [o["metadata"]["name"] for o in found] == names, selector
    across = await subject.cluster.list(CONFIG_MAP, selector="parity=odd")
    assert len(across) >= 2


async def test_a_watch_lists_first_and_then_tells_every_change_in_order(subject: Subject) -> None:
    await subject.cluster.apply(subject.config("old", {"watched": "yes"}))
    events = subject.cluster.watch(CONFIG_MAP, subject.namespace, "watched=yes")
    async with asyncio.timeout(SECONDS), _closing(events):
        listed = await anext(events)
        assert listed.type == "LISTED"
        assert [o["metadata"]["name"] for o in listed.object["items"]] == ["old"]
        await subject.cluster.apply(subject.config("new", {"watched": "yes"}))
        await subject.cluster.apply(subject.config("unseen", {"watched": "no"}))
        await subject.cluster.apply(subject.config("new", {"watched": "yes"}, key="1"))
        await subject.cluster.apply(subject.config("old", {"watched": "no"}))
        await subject.cluster.delete(CONFIG_MAP, "new", subject.namespace)
        seen = [await anext(events) for _ in range(4)]
    assert [(e.type, e.object["metadata"]["name"]) for e in seen] == [
        ("ADDED", "new"),
        ("MODIFIED", "new"),
        ("DELETED", "old"),
        ("DELETED", "new"),
    ]


async def test_two_watches_do_not_take_each_others_events(subject: Subject) -> None:
    watches = [subject.cluster.watch(CONFIG_MAP, subject.namespace) for _ in range(2)]
    async with asyncio.timeout(SECONDS), _closing(watches[0]), _closing(watches[1]):
        for events in watches:
            assert (await anext(events)).type == "LISTED"
        await subject.cluster.apply(subject.config("one"))
        for events in watches:
            found = await _next(events, lambda e: e.object["metadata"]["name"] == "one")
            assert found.type == "ADDED"


async def _evict(subject: Subject, name: str, uid: str) -> None:
    """Evict once the budget counts what was reported: a controller does that a moment later."""
    async with asyncio.timeout(SECONDS):
        while True:
            try:
                return await subject.cluster.evict(name, subject.namespace, uid=uid)
            except Refused:
                await asyncio.sleep(0.05)


async def _wait_gone(subject: Subject, name: str) -> None:
    """A pod that no node runs goes at once, but for the time that its end is being written."""
    async with asyncio.timeout(SECONDS):
        while found := await subject.cluster.read(POD, name, subject.namespace):
            if found["metadata"].get("deletionTimestamp"):
                return
            await asyncio.sleep(0.05)


async def _next(events: AsyncIterator[Event], wanted: Callable[[Event], bool]) -> Event:
    for _ in itertools.count():
        event = await anext(events)
        if wanted(event):
            return event
    raise AssertionError


def _closing(events: Any) -> Any:
    return aclosing(events)
