"""The rendered fence policies in clusters of tests."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from real_control_plane import ControlPlane

from infctl.clients.cluster import KubernetesCluster
from infctl.errors import InfctlError, Refused
from infctl.model import fence
from infctl.platform.render.fence import render_fence, render_policies, render_system_namespace
from infctl.ports.cluster import CONFIG_MAP, Cluster, Kind

Object = dict[str, Any]
SECONDS = 15.0
_BINDING = Kind("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding")
POLICIES = (fence.POLICY_NAME, fence.GUARD_NAME, fence.AUTHORS_NAME)


@contextmanager
def fenced_plane(plane: ControlPlane) -> Iterator[None]:
    """The policies in force in a control plane that other tests use too, and gone afterwards."""
    cluster = KubernetesCluster(plane.region.name, plane.kubeconfig, plane.region.name)
    plane.run(install(cluster))
    plane.run(cluster.close())
    try:
        yield
    finally:
        lift(plane)


def lift(plane: ControlPlane) -> None:
    """Let the policies that a test deployed deny nothing to the tests after it."""
    cluster = KubernetesCluster(plane.region.name, plane.kubeconfig, plane.region.name)
    plane.run(_remove(cluster))
    plane.run(cluster.close())


async def install(cluster: Cluster) -> None:
    """Apply what `deploy` renders, and wait until an older fence is refused."""
    for manifest in (render_system_namespace(), render_fence(), *render_policies()):
        await cluster.apply(manifest, force=True)
    await grant_next(cluster)


async def grant_next(cluster: Cluster) -> int:
    """Grant the next number, and wait until the one before it is refused."""
    number = await granted(cluster) + 1
    await raise_fence(cluster, number)
    await wait_refused(cluster, str(number - 1))
    return number


async def granted(cluster: Cluster) -> int:
    """The newest fence in the cluster."""
    return fence.granted(await cluster.read(CONFIG_MAP, fence.CONFIG_MAP_NAME, fence.SYSTEM))


async def raise_fence(cluster: Cluster, number: int) -> None:
    """Grant a number, as a holder does."""
    patch = {"data": {fence.KEY: str(number)}}
    await cluster.merge(CONFIG_MAP, fence.CONFIG_MAP_NAME, fence.SYSTEM, patch)


async def wait_refused(cluster: Cluster, number: str) -> Refused:
    """Wait until a dry run with that number (empty for none) is refused."""
    async with asyncio.timeout(SECONDS):
        while True:
            try:
                await cluster.create(_proof(number), dry_run=True)
            except Refused as refusal:
                return refusal
            await asyncio.sleep(0.02)


async def _remove(cluster: Cluster) -> None:
    """Let the policies deny nothing.

    An API server whose last binding with a ConfigMap for parameters goes reads none ever again.
    """
    for name in POLICIES:
        patch = {"spec": {"validationActions": ["Audit"]}}
        await cluster.merge(_BINDING, name, None, patch)
    async with asyncio.timeout(SECONDS):
        while not await _is_allowed(cluster):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def _is_allowed(cluster: Cluster) -> bool:
    """Whether nothing is in the way any more of writes with an older fence."""
    try:
        await cluster.create(_proof("0"), dry_run=True)
    except InfctlError:
        return False
    return True


def _proof(number: str) -> Object:
    annotations = {fence.FENCE: number} if number else {}
    metadata = {"name": fence.PROOF_NAME, "namespace": fence.SYSTEM, "annotations": annotations}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
