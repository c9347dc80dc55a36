"""An approval on a real API server, with the policies that pin its author and check the fence."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fence_policies import fenced_plane, granted
from one_run import RUN, one_run
from real_control_plane import ControlPlane

from infctl.clients.clock import SystemClock
from infctl.clients.cluster import KubernetesCluster
from infctl.engine.ballots import choose, decide, find_ballots
from infctl.engine.fencing import fenced
from infctl.engine.identity import whoami
from infctl.engine.requests import decision
from infctl.errors import Refused
from infctl.model.plan import Operation
from infctl.model.run import RunState
from infctl.ports.cluster import Cluster
from infctl.ports.world import World

pytestmark = pytest.mark.control_plane


@pytest.fixture(scope="module")
def plane(control_plane: ControlPlane) -> Iterator[ControlPlane]:
    with fenced_plane(control_plane):
        yield control_plane


def log_in(plane: ControlPlane, user: str, folder: Path) -> KubernetesCluster:
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": "one",
                "cluster": {"server": plane.url, "certificate-authority": str(plane.ca)},
            }
        ],
        "users": [{"name": user, "user": {"token": plane.token(user)}}],
        "contexts": [{"name": user, "context": {"cluster": "one", "user": user}}],
    }
    path = folder / f"{user}.kubeconfig"
    path.write_text(json.dumps(config))
    path.chmod(0o600)
    return KubernetesCluster(plane.region.name, path, user)


async def pinned(cluster: Cluster, forged: dict[str, Any]) -> None:
    """Wait until the API server refuses a decision in somebody else's name: policies are cached."""
    why = ""
    async with asyncio.timeout(15):
        while not why:
            try:
                await cluster.create(forged, dry_run=True)
            except Refused as refusal:
                why = refusal.what
            await asyncio.sleep(0.05)
    assert "an approval is by whoever writes it" in why


async def test_two_people_carry_an_approval_through_a_real_server(
    plane: ControlPlane, tmp_path: Path
) -> None:
    ann, eve = log_in(plane, "operator", tmp_path), log_in(plane, "lab", tmp_path)
    region = plane.region.name
    args = {"regions": [region], "needed": 1, "text": "move traffic", "expires": 900}
    run = one_run(Operation("approve", args), timeout=60)

    def world(cluster: Cluster) -> World:
        return replace(run.context.world, clusters={region: cluster}, clock=SystemClock())

    run.records.clock = SystemClock()
    holder = fenced({region: ann}, await granted(ann) + 1, RUN, SystemClock(), print)[region]
    run.context = replace(run.context, world=world(holder))
    running = asyncio.create_task(run.carry())
    async with asyncio.timeout(30):
        while not run.step().result:
            assert not running.done(), running.result()
            await asyncio.sleep(0.05)

    async def found(cluster: Cluster) -> Any:
        ballots, _ = await find_ballots(world(cluster))
        return choose(ballots, RUN, "", SystemClock().wall())

    me, other = await whoami(ann), await whoami(eve)
    assert me != other
    await decide(world(ann), await found(ann), is_deny=False, reason="")
    ballot = await found(eve)
    await pinned(ann, decision(ballot.regions[region], other, is_deny=False, reason=""))
    await decide(world(eve), ballot, is_deny=False, reason="looks right")
    async with asyncio.timeout(30):
        assert await running == (RunState.COMPLETED, "")
    assert run.step().evidence[0] == f"approved by {other}"
    assert f"{me} does not count: who asks cannot approve" in run.step().evidence
    for cluster in (ann, eve):
        await cluster.close()
