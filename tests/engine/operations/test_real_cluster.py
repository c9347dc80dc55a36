"""Operations on clusters against a real API server, whose controllers are real too."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from fence_policies import granted
from one_run import RUN, OneRun, one_run
from real_control_plane import ControlPlane

from infctl.clients.clock import SystemClock
from infctl.clients.cluster import KubernetesCluster
from infctl.engine.fencing import fenced
from infctl.engine.undo import Undoing
from infctl.model.plan import Operation
from infctl.model.run import RunState
from infctl.ports.cluster import CONFIG_MAP, DEPLOYMENT, NODE, POD

pytestmark = pytest.mark.control_plane
LABELS = {"app": "web"}


def _run(plane: ControlPlane, cluster: KubernetesCluster, what: str, **args: Any) -> OneRun:
    region = plane.region.name
    run = one_run(Operation(what, {"region": region, **args}, region=region), timeout=60.0)
    # A real server needs real time: a clock that jumps would be over before it answers.
    world = replace(run.context.world, clusters={region: cluster}, clock=SystemClock())
    run.context = replace(run.context, world=world)
    return run


async def _undo(run: OneRun) -> list[str]:
    return await Undoing(run.context, run.records).run(run.records.view())


def _cluster(plane: ControlPlane) -> KubernetesCluster:
    return KubernetesCluster(plane.region.name, plane.kubeconfig, plane.region.name)


def _map(namespace: str, **data: str) -> dict[str, Any]:
    metadata = {"name": "limits", "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


async def test_apply_and_remove_are_taken_back_field_by_field(
    control_plane: ControlPlane, namespace: str
) -> None:
    cluster = _cluster(control_plane)
    await cluster.apply(_map(namespace, most="7", least="1"))
    # "least" is infctl's own and not in the manifest: apply takes it away, undo brings it back.
    run = _run(control_plane, cluster, "apply_object", manifest=_map(namespace, most="9", new="x"))
    assert (await run.carry())[0] is RunState.COMPLETED, run.step().evidence
    found = await cluster.read(CONFIG_MAP, "limits", namespace)
    assert found is not None
    assert found["data"] == {"most": "9", "new": "x"}
    assert await _undo(run) == []
    found = await cluster.read(CONFIG_MAP, "limits", namespace)
    assert found is not None
    assert found["data"] == {"most": "7", "least": "1"}
    place = {"namespace": namespace, "api_version": "v1", "kind": "ConfigMap", "name": "limits"}
    run = _run(control_plane, cluster, "remove_object", **place)
    assert (await run.carry())[0] is RunState.COMPLETED, run.step().evidence
    assert await cluster.read(CONFIG_MAP, "limits", namespace) is None
    assert await _undo(run) == []
    again = await cluster.read(CONFIG_MAP, "limits", namespace)
    assert again is not None
    assert again["data"] == found["data"]
    await cluster.close()


async def test_a_node_is_drained_and_opened_again(
    control_plane: ControlPlane, namespace: str
) -> None:
    cluster = _cluster(control_plane)
    node = f"node-{namespace}"
    # An operator closes and opens nodes, and makes none.
    async with control_plane.cluster("agent") as owner_of_nodes:
        made = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": node}}
        await owner_of_nodes.create("/api/v1/nodes", made)
    # Any object may be a controller; the built-in ones would let go of what they do not select.
    owner = await cluster.create(_map(namespace))
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "limits", "controller": True}
    metadata = {
        "name": "web-0",
        "namespace": namespace,
        "labels": LABELS,
        "ownerReferences": [{**reference, "uid": owner["metadata"]["uid"]}],
    }
    await cluster.create(
        {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": _spec(node)}
    )
    run = _run(control_plane, cluster, "drain_node", name=node)
    carrying = asyncio.create_task(run.carry())
    await _end_pods(control_plane, cluster, namespace, carrying)
    assert (await carrying)[0] is RunState.COMPLETED, run.step().evidence
    assert await _undo(run) == []
    found = await cluster.read(NODE, node)
    assert found is not None
    assert not found["spec"].get("unschedulable")
    await cluster.close()
    async with control_plane.cluster("agent") as owner_of_nodes:
        await owner_of_nodes.delete(f"/api/v1/nodes/{node}")


async def test_what_a_plan_made_changed_and_removed_is_taken_back_exactly(
    control_plane: ControlPlane, namespace: str
) -> None:
    cluster, region = _cluster(control_plane), control_plane.region.name
    async with control_plane.cluster() as others:
        path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
        await others.create(path, _deployment(namespace, replicas=1))
        await others.patch(f"{path}/web", {"spec": {"minReadySeconds": 7}})
        before = _content(await others.get(f"{path}/web"))
    number = max(1, await granted(cluster))
    web = {"namespace": namespace, "name": "web"}
    changed = _deployment(namespace, replicas=3, paused=True)
    del changed["spec"]["selector"], changed["spec"]["template"]
    acts: list[tuple[str, dict[str, Any]]] = [
        ("apply_object", {"manifest": changed, "force": True}),
        ("scale_deployment", {**web, "replicas": 2, "min_percent": 0}),
        ("remove_object", {**web, **TYPE}),
        ("apply_object", {"manifest": _map(namespace, a="1")}),
    ]
    steps = (Operation(k, {"region": region, **args}, region=region) for k, args in acts)
    run = one_run(*steps)
    clusters = fenced({region: cluster}, number, RUN, SystemClock(), lambda _: None)
    world = replace(run.context.world, clusters=clusters, clock=SystemClock())
    run.context = replace(run.context, world=world)
    assert (await run.carry())[0] is RunState.COMPLETED, [
        s.evidence for s in run.records.view().steps
    ]
    assert await cluster.read(DEPLOYMENT, "web", namespace) is None
    assert await _undo(run) == []
    again = await cluster.read(DEPLOYMENT, "web", namespace)
    assert again is not None
    assert _content(again) == before
    assert await cluster.read(CONFIG_MAP, "limits", namespace) is None
    await cluster.close()


TYPE = {"api_version": "apps/v1", "kind": "Deployment"}


def _deployment(namespace: str, **spec: Any) -> dict[str, Any]:
    template = {"metadata": {"labels": LABELS}, "spec": _spec("")}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"selector": {"matchLabels": LABELS}, "template": template, **spec},
    }


def _content(found: dict[str, Any]) -> Any:
    return found["spec"]


def _spec(node: str) -> dict[str, Any]:
    where = {"nodeName": node} if node else {"nodeSelector": {"infctl.dev/none": "true"}}
    return {**where, "containers": [{"name": "server", "image": "infctl.dev/none:1"}]}


async def _end_pods(
    plane: ControlPlane, cluster: KubernetesCluster, namespace: str, carrying: "asyncio.Task[Any]"
) -> None:
    """What a kubelet does: pods that were asked to go are deleted with grace 0."""
    while not carrying.done():
        for pod in await cluster.list(POD, namespace):
            if pod["metadata"].get("deletionTimestamp"):
                name = pod["metadata"]["name"]
                await asyncio.to_thread(
                    plane.kubectl,
                    "delete",
                    "pod",
                    name,
                    "-n",
                    namespace,
                    "--grace-period=0",
                    "--force",
                )
        await asyncio.sleep(0.05)


async def test_a_restart_waits_for_new_pods_and_scaling_is_taken_back(
    control_plane: ControlPlane, namespace: str
) -> None:
    cluster = _cluster(control_plane)
    await cluster.apply(_deployment(namespace, replicas=0))
    place = {"namespace": namespace, "name": "web"}
    run = _run(control_plane, cluster, "restart_deployment", **place)
    assert (await run.carry())[0] is RunState.COMPLETED, run.step().evidence
    run = _run(control_plane, cluster, "scale_deployment", **place, replicas=2, min_percent=0)
    assert (await run.carry())[0] is RunState.COMPLETED, run.step().evidence
    assert await _undo(run) == []
    found = await cluster.read(DEPLOYMENT, "web", namespace)
    assert found is not None
    assert found["spec"]["replicas"] == 0
    await cluster.close()
