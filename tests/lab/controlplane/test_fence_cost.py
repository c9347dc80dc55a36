"""What a fence costs: the same patches before the policies are there and under them, in one run."""

import os
import statistics
import time
from typing import Any

import pytest
from fence_policies import granted, install, lift
from real_control_plane import ControlPlane

from infctl.clients.clock import SystemClock
from infctl.clients.cluster import KubernetesCluster
from infctl.engine.fencing import fenced
from infctl.ports.cluster import CONFIG_MAP, Cluster

pytestmark = pytest.mark.control_plane

WRITES = int(os.environ.get("INFCTL_FENCE_WRITES", "200"))
MOST_TIMES = 2.0


async def _median(cluster: Cluster, namespace: str, label: str) -> float:
    """Milliseconds a patch that changes something."""
    took = []
    for number in range(WRITES):
        patch: dict[str, Any] = {"data": {"key": f"{label}-{number}"}}
        began = time.perf_counter()
        await cluster.merge(CONFIG_MAP, "measured", namespace, patch)
        took.append(1000 * (time.perf_counter() - began))
    return statistics.median(took)


async def test_a_fenced_write_costs_less_than_two_unfenced_ones(
    control_plane: ControlPlane, namespace: str, capsys: pytest.CaptureFixture[str]
) -> None:
    name = control_plane.region.name
    cluster = KubernetesCluster(name, control_plane.kubeconfig, name)
    metadata = {"name": "measured", "namespace": namespace}
    await cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
    bare = await _median(cluster, namespace, "bare")
    await install(cluster)
    number = await granted(cluster) + 1
    told: list[str] = []
    holder = fenced({name: cluster}, number, "run", SystemClock(), told.append)[name]
    began = time.perf_counter()
    await holder.merge(CONFIG_MAP, "measured", namespace, {"data": {"key": "first"}})
    first = 1000 * (time.perf_counter() - began)
    under = await _median(holder, namespace, "fenced")
    lift(control_plane)
    await cluster.close()
    assert told == []
    with capsys.disabled():
        print(
            f"\n{WRITES} patches: {bare:.1f} ms bare, {under:.1f} ms fenced"
            f" ({under / bare:.2f}x); the first, with raising and proof, {first:.0f} ms"
        )
    assert under < MOST_TIMES * bare
