"""Each verb with an older fence is refused in the same words, in memory and by a real server."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
from cluster_subjects import Object, Subject, fake_subject, real_subject
from fence_policies import fenced_plane, grant_next, install, raise_fence
from real_control_plane import ControlPlane

from infctl.errors import Refused
from infctl.model import fence
from infctl.platform.render.fence import render_fence
from infctl.ports.cluster import CONFIG_MAP, DEPLOYMENT, POD

Verb = Callable[[Subject, str], Awaitable[object]]


@pytest.fixture(scope="module")
def fenced_control_plane(control_plane: ControlPlane) -> Iterator[ControlPlane]:
    with fenced_plane(control_plane):
        yield control_plane


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.control_plane)])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    if request.param == "fake":
        fake = await fake_subject()
        await install(fake.cluster)
        yield fake
        return
    plane = request.getfixturevalue("fenced_control_plane")
    real = real_subject(plane, request.getfixturevalue("namespace"))
    yield real
    await real.cluster.close()


def _stamped(manifest: Object, number: str) -> Object:
    if number:
        manifest["metadata"]["annotations"] = {fence.FENCE: number}
    return manifest


async def _apply(subject: Subject, number: str) -> object:
    return await subject.cluster.apply(_stamped(subject.config("applied", key="1"), number))


async def _create(subject: Subject, number: str) -> object:
    return await subject.cluster.create(_stamped(subject.config("created"), number))


async def _patch(subject: Subject, number: str) -> object:
    patch = _stamped({"metadata": {}, "data": {"key": "2"}}, number)
    return await subject.cluster.merge(CONFIG_MAP, "stands", subject.namespace, patch)


async def _scale(subject: Subject, number: str) -> object:
    patch = _stamped({"metadata": {}, "spec": {"replicas": 3}}, number)
    return await subject.cluster.merge(DEPLOYMENT, "scaled", subject.namespace, patch)


async def _evict(subject: Subject, number: str) -> None:
    stamps = {fence.FENCE: number} if number else None
    await subject.cluster.evict("evicted", subject.namespace, annotations=stamps)


VERBS = {"apply": _apply, "create": _create, "patch": _patch, "scale": _scale, "evict": _evict}


async def _prepare(subject: Subject) -> None:
    """What the verbs change, made by somebody who is no infctl."""
    await subject.apply_as("kubectl", subject.config("stands", key="1"))
    await subject.apply_as("kubectl", subject.deployment("scaled", 1))
    await subject.apply_as("kubectl", subject.pod("evicted", {"app": "evicted"}))


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
async def test_an_older_fence_is_refused_and_the_newest_is_not(
    subject: Subject, verb: Verb
) -> None:
    await _prepare(subject)
    newest = await grant_next(subject.cluster)
    for number, words in {
        str(newest - 1): f"fence {newest - 1} is older than {newest}, the newest granted here",
        "": fence.UNSTAMPED,
        "seven": fence.UNSTAMPED,
        "9" * 19: fence.UNSTAMPED,
    }.items():
        with pytest.raises(Refused) as caught:
            await verb(subject, number)
        assert caught.value.what.endswith(fence.denial(fence.POLICY_NAME, words))
    await verb(subject, str(newest))


async def test_a_deletion_begun_with_an_older_fence_is_refused(subject: Subject) -> None:
    cluster, newest = subject.cluster, await grant_next(subject.cluster)
    marked = _stamped(subject.config("doomed"), str(newest))
    marked["metadata"]["annotations"][fence.DELETING] = "run"
    made = (await cluster.create(marked))["metadata"]
    later = await grant_next(cluster)
    held = {"uid": made["uid"], "resource_version": made["resourceVersion"]}
    with pytest.raises(Refused, match=f"fence {newest} is older than {later}"):
        await cluster.delete(CONFIG_MAP, "doomed", subject.namespace, **held)
    assert await cluster.read(CONFIG_MAP, "doomed", subject.namespace)
    again = {"metadata": {"annotations": {fence.FENCE: str(later)}}}
    made = (await cluster.merge(CONFIG_MAP, "doomed", subject.namespace, again))["metadata"]
    held = {"uid": made["uid"], "resource_version": made["resourceVersion"]}
    await cluster.delete(CONFIG_MAP, "doomed", subject.namespace, **held)
    assert await cluster.read(CONFIG_MAP, "doomed", subject.namespace) is None


async def test_a_deletion_by_others_is_never_refused(subject: Subject) -> None:
    """Neither kubectl nor a kubelet names both uid and version."""
    cluster, newest = subject.cluster, await grant_next(subject.cluster)
    for name in ("first", "second"):
        marked = _stamped(subject.config(name), str(newest))
        marked["metadata"]["annotations"][fence.DELETING] = "run"
        await cluster.create(marked)
    await grant_next(cluster)
    found = await cluster.read(CONFIG_MAP, "second", subject.namespace)
    assert found is not None
    await cluster.delete(CONFIG_MAP, "first", subject.namespace)
    await cluster.delete(CONFIG_MAP, "second", subject.namespace, uid=found["metadata"]["uid"])
    assert await cluster.read(CONFIG_MAP, "second", subject.namespace) is None


async def test_other_managers_write_over_any_fence(subject: Subject) -> None:
    await _prepare(subject)
    await grant_next(subject.cluster)
    await _patch(subject, str(await grant_next(subject.cluster)))
    await grant_next(subject.cluster)
    for manager in ("kubectl", "kube-controller-manager", "infctl-lab"):
        await subject.apply_as(manager, subject.config("stands", key=manager))
        await subject.apply_as(manager, subject.config(f"of-{manager}"))


async def test_a_dry_run_that_stamps_nothing_only_plans(subject: Subject) -> None:
    await _prepare(subject)
    cluster = subject.cluster
    await _patch(subject, str(await grant_next(cluster)))
    newest = await grant_next(cluster)
    planned = await cluster.apply(subject.config("stands", key="3"), dry_run=True, force=True)
    assert planned["data"] == {"key": "3"}
    await cluster.create(subject.config("planned"), dry_run=True)
    patch = _stamped({"metadata": {}}, str(newest - 2))
    with pytest.raises(Refused):
        await cluster.merge(CONFIG_MAP, "stands", subject.namespace, patch, dry_run=True)


async def test_what_infctl_keeps_for_itself_needs_no_fence(subject: Subject) -> None:
    await grant_next(subject.cluster)
    own = subject.config("infctl-run-1")
    own["metadata"]["namespace"] = fence.SYSTEM
    await subject.cluster.apply(own)
    await subject.cluster.delete(CONFIG_MAP, "infctl-run-1", fence.SYSTEM)


@pytest.mark.parametrize(
    ("after", "words"),
    [("0", fence.SHRINKS), (None, fence.SHRINKS), ("-1", fence.NO_NUMBER), ("x", fence.NO_NUMBER)],
)
async def test_the_newest_fence_only_grows(subject: Subject, after: str | None, words: str) -> None:
    newest = await grant_next(subject.cluster)
    patch = {"data": {fence.KEY: after}}
    with pytest.raises(Refused) as caught:
        await subject.cluster.merge(CONFIG_MAP, fence.CONFIG_MAP_NAME, fence.SYSTEM, patch)
    assert caught.value.what.endswith(fence.denial(fence.GUARD_NAME, words))
    await raise_fence(subject.cluster, newest)
    await raise_fence(subject.cluster, newest + 1)


async def test_the_newest_fence_is_not_deleted(subject: Subject) -> None:
    with pytest.raises(Refused, match=fence.SHRINKS):
        await subject.cluster.delete(CONFIG_MAP, fence.CONFIG_MAP_NAME, fence.SYSTEM)


async def test_applying_the_fence_again_keeps_its_number(subject: Subject) -> None:
    newest = await grant_next(subject.cluster)
    applied = await subject.cluster.apply(render_fence())
    assert applied["data"] == {fence.KEY: str(newest)}


async def test_a_pod_is_still_there_after_a_refused_eviction(subject: Subject) -> None:
    await _prepare(subject)
    newest = await grant_next(subject.cluster)
    with pytest.raises(Refused):
        await _evict(subject, str(newest - 1))
    assert await subject.cluster.read(POD, "evicted", subject.namespace)
