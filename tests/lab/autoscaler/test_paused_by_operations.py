"""infctl's own operations that pause and resume autoscaling, against the lab's autoscaler."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from real_autoscaler import Scaling, deployment, until
from test_real_scaling import in_place, scaled

from infctl.clients.clock import SystemClock
from infctl.clients.cluster import KubernetesCluster
from infctl.engine.handler import Context, Handler
from infctl.engine.operations.hold_replicas import HoldReplicas
from infctl.engine.operations.pause_autoscaling import PauseAutoscaling
from infctl.engine.operations.release_replicas import ReleaseReplicas
from infctl.engine.operations.resume_autoscaling import ResumeAutoscaling
from infctl.fakes.world import fake_world
from infctl.model.outcome import Word
from infctl.model.plan import Operation

pytestmark = [pytest.mark.control_plane, pytest.mark.timeout(120)]


@pytest.fixture
async def context(scaling: Scaling, tmp_path: Path) -> AsyncIterator[Context]:
    """The one region as infctl's client sees it, and a journal without steps."""
    region = scaling.plane.region.name
    cluster = KubernetesCluster(region, scaling.plane.kubeconfig, region)
    world = replace(fake_world([region]).world(), clusters={region: cluster}, clock=SystemClock())
    nothing: Any = SimpleNamespace(steps=())
    yield Context(world, tmp_path, "run", "tester", lambda: nothing)
    await cluster.close()


async def carry(context: Context, handler: Handler, args: dict[str, Any]) -> Operation | None:
    """Observe, act and verify as a step does; returns the undo."""
    operation = Operation(handler.kind, args, region=args["region"])
    handler.check(args)
    before = await handler.observe(context, args)
    await handler.apply(context, operation, "run/s1")
    async with asyncio.timeout(20):
        while (await handler.verify(context, operation)).word is not Word.PASSED:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    return handler.undo(before, args)


@pytest.mark.parametrize("held", [None, 2], ids=["as they are", "at two"])
async def test_a_paused_target_stays_and_a_resumed_one_follows_again(
    scaling: Scaling, place: str, context: Context, held: int | None
) -> None:
    item = scaled(scaling, place, "web", "vector(30)", minReplicaCount=1, maxReplicaCount=9)
    scaling.create(*in_place(place, deployment("web", 1)), item)
    until(lambda: scaling.replicas(place, "web") == 4, lambda: scaling.events(place))
    where = {"region": scaling.plane.region.name, "namespace": place, "name": "web"}
    number = {} if held is None else {"replicas": held}

    undo = await carry(context, PauseAutoscaling(), {**where, **number})
    assert undo is not None
    assert undo.kind == "resume_autoscaling"
    assert not scaling.autoscaler(place, "web")
    wanted = held or 4
    until(lambda: scaling.replicas(place, "web") == wanted, lambda: scaling.events(place))
    assert scaling.managers(place, "web") == {"keda" if held else "kube-controller-manager"}
    scaling.query(place, "web", "vector(60)")

    undo = await carry(context, ResumeAutoscaling(), dict(undo.args))
    assert undo is not None
    assert undo.kind == "pause_autoscaling"
    until(lambda: scaling.replicas(place, "web") == 8, lambda: scaling.events(place))


async def test_pods_that_are_held_stay_until_they_are_released(
    scaling: Scaling, place: str, context: Context
) -> None:
    """What a failover does before the traffic comes for which it scales."""
    fast = {"horizontalPodAutoscalerConfig": {"behavior": {"scaleDown": _AT_ONCE}}}
    item = scaled(
        scaling, place, "web", "vector(10)", minReplicaCount=1, maxReplicaCount=9, advanced=fast
    )
    scaling.create(*in_place(place, deployment("web", 1)), item)
    until(lambda: bool(scaling.autoscaler(place, "web")), lambda: scaling.events(place))
    where = {"region": scaling.plane.region.name, "namespace": place, "name": "web"}

    undo = await carry(context, HoldReplicas(), where)
    assert undo is not None
    assert undo.kind == "release_replicas"
    scaling.plane.kubectl("-n", place, "scale", "deployment/web", "--replicas=5")
    # Whoever has seen five would have taken three away with the same look.
    until(lambda: _seen(scaling, place) == (5, 5), lambda: scaling.events(place))
    assert scaling.replicas(place, "web") == 5
    # Metrics that ask for more are heard all the same.
    scaling.query(place, "web", "vector(60)")
    until(lambda: scaling.replicas(place, "web") == 8, lambda: scaling.events(place))
    scaling.query(place, "web", "vector(10)")

    undo = await carry(context, ReleaseReplicas(), dict(undo.args))
    assert undo is not None
    assert undo.kind == "hold_replicas"
    until(lambda: scaling.replicas(place, "web") < 8, lambda: scaling.events(place))


_AT_ONCE = {"stabilizationWindowSeconds": 0}


def _seen(scaling: Scaling, place: str) -> tuple[int, int]:
    """The replicas that the autoscaler found, and those that it wants."""
    status = scaling.autoscaler(place, "web").get("status") or {}
    return int(status.get("currentReplicas", 0)), int(status.get("desiredReplicas", 0))
