"""On a real API server: the fence is in nobody's way but infctl's, and approvals stay pinned."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from fence_policies import fenced_plane, grant_next, granted, install
from real_control_plane import ControlPlane

from infctl.clients.clock import SystemClock
from infctl.clients.cluster import KubernetesCluster
from infctl.engine.fencing import fenced
from infctl.errors import Conflict, LeaseLost, Refused
from infctl.model import fence
from infctl.ports.cluster import CONFIG_MAP, DEPLOYMENT, POD, Cluster

pytestmark = pytest.mark.control_plane

Object = dict[str, Any]
SECONDS = 20.0


@pytest.fixture(scope="module")
def plane(control_plane: ControlPlane) -> Iterator[ControlPlane]:
    with fenced_plane(control_plane):
        yield control_plane


@pytest.fixture
async def cluster(plane: ControlPlane) -> AsyncIterator[KubernetesCluster]:
    client = KubernetesCluster(plane.region.name, plane.kubeconfig, plane.region.name)
    yield client
    await client.close()


def _holder(cluster: Cluster, number: int, told: list[str] | None = None) -> Cluster:
    tell = (told if told is not None else []).append
    return fenced({"one": cluster}, number, f"run-{number}", SystemClock(), tell)["one"]


def _deployment(namespace: str) -> Object:
    pod = {
        "metadata": {"labels": {"app": "server"}},
        "spec": {
            "nodeSelector": {"infctl.dev/none": "true"},
            "containers": [{"name": "server", "image": "infctl.dev/none:1"}],
        },
    }
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": "server"}}, "template": pod}
    metadata = {"name": "server", "namespace": namespace}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def _config(name: str, namespace: str, **more: Any) -> Object:
    metadata = {"name": name, "namespace": namespace, **more.pop("metadata", {})}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, **more}


async def _wait_pods(cluster: Cluster, namespace: str, count: int) -> list[Object]:
    async with asyncio.timeout(SECONDS):
        while True:
            found = await cluster.list(POD, namespace)
            alive = [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]
            if len(alive) == count:
                return alive
            await asyncio.sleep(0.05)


async def test_kubectl_and_controllers_change_what_infctl_wrote(
    plane: ControlPlane, cluster: KubernetesCluster, namespace: str, tmp_path: Path
) -> None:
    """Everything that infctl stamped, after its fence has long been passed by."""
    await _holder(cluster, await granted(cluster) + 1).apply(_deployment(namespace))
    await grant_next(cluster)
    await _wait_pods(cluster, namespace, 1)
    file = tmp_path / "deployment.json"
    file.write_text(json.dumps(_deployment(namespace)))
    place = ("-n", namespace)
    for words in (
        ("scale", "deployment/server", "--replicas=2"),
        ("label", "deployment/server", "tier=one"),
        ("annotate", "deployment/server", "note=one"),
        ("set", "image", "deployment/server", "server=infctl.dev/none:2"),
        ("patch", "deployment/server", "-p", '{"spec": {"replicas": 3}}'),
        ("rollout", "restart", "deployment/server"),
        ("apply", "--server-side", "--force-conflicts", "-f", str(file)),
        ("delete", "pod", "-l", "app=server", "--wait=false"),
        ("delete", "deployment/server"),
    ):
        said = plane.kubectl(*words, *place)
        assert "denied" not in said, said
        assert "rror" not in said, said
    assert await cluster.read(DEPLOYMENT, "server", namespace) is None
    await _wait_pods(cluster, namespace, 0)


async def test_people_delete_what_a_dead_run_began_to_delete(
    plane: ControlPlane, cluster: KubernetesCluster, namespace: str
) -> None:
    marks = {fence.FENCE: str(await grant_next(cluster)), fence.DELETING: "run-of-the-dead"}
    for name in ("half", "third", "quarter"):
        await cluster.create(_config(name, namespace, metadata={"annotations": marks}))
    await grant_next(cluster)
    assert "deleted" in plane.kubectl("delete", "configmap", "half", "-n", namespace)
    everything = f"/api/v1/namespaces/{namespace}/configmaps"
    assert "denied" not in plane.kubectl("delete", "--raw", everything)
    for name in ("third", "quarter"):
        assert await cluster.read(CONFIG_MAP, name, namespace) is None


async def test_a_holder_who_slept_changes_nothing_on_a_real_server(
    cluster: KubernetesCluster, namespace: str
) -> None:
    told: list[str] = []
    number = await granted(cluster) + 1
    slept, successor = (_holder(cluster, n, told) for n in (number, number + 1))
    await slept.apply(_deployment(namespace))
    await slept.create(_config("doomed", namespace))
    (pod,) = await _wait_pods(cluster, namespace, 1)
    await successor.create(_config("second", namespace))
    before = await cluster.read(DEPLOYMENT, "server", namespace)
    verbs = [
        slept.apply(_deployment(namespace)),
        slept.merge(DEPLOYMENT, "server", namespace, {"spec": {"replicas": 0}}),
        slept.create(_config("third", namespace)),
        slept.delete(CONFIG_MAP, "doomed", namespace),
        slept.evict(pod["metadata"]["name"], namespace),
    ]
    for verb in verbs:
        with pytest.raises(LeaseLost):
            await verb
    after = await cluster.read(DEPLOYMENT, "server", namespace)
    assert before is not None
    assert after is not None
    assert after["spec"] == before["spec"]
    assert fence.carried(after) == str(number)
    assert await cluster.read(CONFIG_MAP, "doomed", namespace)
    assert await cluster.read(CONFIG_MAP, "third", namespace) is None
    await successor.merge(DEPLOYMENT, "server", namespace, {"spec": {"replicas": 0}})
    await successor.delete(CONFIG_MAP, "doomed", namespace)
    assert await cluster.read(CONFIG_MAP, "doomed", namespace) is None
    assert told == []


async def test_stamps_of_an_earlier_holder_are_taken_over(
    cluster: KubernetesCluster, namespace: str
) -> None:
    number = await granted(cluster) + 1
    former, later = _holder(cluster, number), _holder(cluster, number + 1)
    await former.create(_config("one", namespace, data={"a": "1"}))
    await former.merge(CONFIG_MAP, "one", namespace, {"data": {"a": "2"}})
    after = await later.apply(_config("one", namespace, data={"b": "1"}))
    assert after["data"] == {"a": "2", "b": "1"}
    assert fence.carried(after) == str(number + 1)
    with pytest.raises(Conflict) as caught:
        await _holder(cluster, number + 2).apply(_config("one", namespace, data={"a": "3"}))
    assert caught.value.fields == (".data.a",)


async def test_the_scale_subresource_is_closed_to_infctl(
    plane: ControlPlane, cluster: KubernetesCluster, namespace: str
) -> None:
    """It shows a policy no annotations; `kubectl scale` as infctl is what an old one could do."""
    await _holder(cluster, await granted(cluster) + 1).apply(_deployment(namespace))
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/server/scale?fieldManager=infctl"
    async with plane.cluster() as other:
        with pytest.raises(Exception, match=fence.UNSTAMPED):
            await other.patch(path, {"spec": {"replicas": 0}})


async def test_the_newest_fence_goes_with_its_namespace_alone(
    plane: ControlPlane, cluster: KubernetesCluster
) -> None:
    said = plane.kubectl("delete", "configmap", fence.CONFIG_MAP_NAME, "-n", fence.SYSTEM)
    assert fence.SHRINKS in said
    patch = '{"data": {"fence": "0"}}'
    said = plane.kubectl(
        "patch", "configmap", fence.CONFIG_MAP_NAME, "-n", fence.SYSTEM, "-p", patch
    )
    assert fence.SHRINKS in said
    assert await granted(cluster) > 0


def _approval(name: str, by: str, **data: str) -> Object:
    labels = {"labels": {"infctl.dev/approval": "decision"}}
    return _config(name, fence.SYSTEM, metadata=labels, data={"by": by, **data})


async def test_an_approval_is_by_whoever_wrote_it_and_never_changes(
    plane: ControlPlane, cluster: KubernetesCluster
) -> None:
    words = "an approval is by whoever writes it: infctl:operator"
    with pytest.raises(Refused, match=words):
        await cluster.create(_approval("cheat", "somebody-else"))
    with pytest.raises(Refused):
        await cluster.create(_approval("nobody", ""))
    made = _approval("mine", "infctl:operator", plan="sha256:1")
    await cluster.create(made)
    for patch in (
        {"data": {"by": "somebody-else"}},
        {"data": {"plan": "sha256:2"}},
        {"data": {"more": "1"}},
        {"metadata": {"labels": {"infctl.dev/approval": None}}},
    ):
        with pytest.raises(Refused, match="an approval is never changed"):
            await cluster.merge(CONFIG_MAP, "mine", fence.SYSTEM, patch)
        said = plane.kubectl(
            "patch",
            "configmap",
            "mine",
            "-n",
            fence.SYSTEM,
            "--type=merge",
            "-p",
            json.dumps(patch),
        )
        assert "an approval is never changed" in said
    await cluster.create(_config("plain", fence.SYSTEM, data={"by": "somebody-else"}))
    label = {"metadata": {"labels": {"infctl.dev/approval": "decision"}}}
    with pytest.raises(Refused, match="an approval is by whoever writes it"):
        await cluster.merge(CONFIG_MAP, "plain", fence.SYSTEM, label)
    await cluster.delete(CONFIG_MAP, "mine", fence.SYSTEM)


async def test_a_write_without_a_fence_is_refused_with_what_to_do(
    cluster: KubernetesCluster, namespace: str
) -> None:
    await grant_next(cluster)
    with pytest.raises(Refused, match=fence.UNSTAMPED):
        await cluster.apply(_config("unstamped", namespace))


async def test_the_whole_namespace_can_go_and_come_again(
    plane: ControlPlane, cluster: KubernetesCluster
) -> None:
    await grant_next(cluster)
    said = plane.kubectl("delete", "namespace", fence.SYSTEM, "--timeout=25s")
    assert "deleted" in said, said
    assert await granted(cluster) == 0
    await install(cluster)
