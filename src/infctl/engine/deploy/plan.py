"""What a deployment would change, by server-side dry run; nothing is written."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from infctl.engine.deploy.artifacts import File, plan_artifacts, read_artifacts
from infctl.engine.deploy.cloud import bring_zone
from infctl.engine.deploy.difference import unified
from infctl.engine.deploy.objects import apply_object, fit, read
from infctl.engine.deploy.readiness import address
from infctl.engine.deploy.region import narrow
from infctl.engine.deploy.regions import CLOUD, Request
from infctl.engine.deploy.results import Action, Change, RegionResult
from infctl.engine.deploy.witness import bring_witness
from infctl.errors import InfctlError
from infctl.platform.render.inventory import Reference, read_inventory
from infctl.platform.render.naming import INVENTORY, namespace
from infctl.platform.render.region import Rendered, render_region
from infctl.ports.cluster import CONFIG_MAP, GATEWAY, Cluster
from infctl.ports.world import World

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RegionPlan:
    """A region's changes and, as one text, how its live objects differ."""

    result: RegionResult
    difference: str = ""


async def plan_everywhere(world: World, request: Request) -> list[RegionPlan]:
    """The plans of the regions, asked concurrently, and of the name service."""
    files = read_artifacts(request.platform)
    work = [_bounded(world, request, name, files) for name in request.regions]
    plans = list(await asyncio.gather(*work))
    return [*plans, await _cloud(world, request, [plan.result for plan in plans])]


async def _bounded(
    world: World, request: Request, name: str, files: tuple[File, ...]
) -> RegionPlan:
    started = time.monotonic()
    if name not in world.clusters or name not in world.stores:
        error = f"the environment {world.environment} has no such region"
        return RegionPlan(RegionResult(name, error=error))
    try:
        async with asyncio.timeout(request.timeout):
            return await _plan(world, request, name, files)
    except InfctlError as failure:
        error = failure.what
    except TimeoutError:
        error = f"no answer within {request.timeout:g} s"
    return RegionPlan(RegionResult(name, error=error, seconds=time.monotonic() - started))


async def _plan(world: World, request: Request, name: str, files: tuple[File, ...]) -> RegionPlan:
    started = time.monotonic()
    cluster, platform = world.clusters[name], request.platform
    changes = await plan_artifacts(world.stores[name], platform, files)
    rendered = narrow(render_region(platform, name), await cluster.kinds(), changes)
    differences = await _objects(cluster, request, rendered, changes)
    changes += await _pruned(cluster, request, rendered)
    result = RegionResult(
        name,
        tuple(changes),
        address=await _address(cluster, rendered),
        seconds=time.monotonic() - started,
    )
    return RegionPlan(result, "".join(differences))


async def _objects(
    cluster: Cluster, request: Request, rendered: Rendered, changes: list[Change]
) -> list[str]:
    differences = []
    for manifest in rendered.manifests(request.platform):
        reference = Reference.of(manifest)
        place = Change(f"Namespace/{reference.namespace}", Action.CREATED)
        if reference.namespace and place in changes:
            # A dry run inside a namespace that is not there yet would be refused.
            change, live, after = Change.of(reference, Action.CREATED), None, manifest
        else:
            change, live, found = await apply_object(
                cluster, manifest, dry_run=True, force=request.force
            )
            after = found or await _wanted(cluster, manifest, live, change)
        changes.append(change)
        if change.action is not Action.UNCHANGED:
            differences.append(unified(live, after, f"{rendered.region}/{reference}"))
    return differences


async def _wanted(
    cluster: Cluster, manifest: Object, live: Object | None, change: Change
) -> Object:
    """What taking over would store where others own fields; else the manifest itself."""
    wanted = fit(manifest, live)
    if change.action is Action.CONFLICT:
        return await cluster.apply(wanted, dry_run=True, force=True)
    return wanted


async def _pruned(cluster: Cluster, request: Request, rendered: Rendered) -> list[Change]:
    config_map = await cluster.read(CONFIG_MAP, INVENTORY, namespace(request.platform))
    new = {Reference.of(manifest) for manifest in rendered.objects}
    return [Change.of(old, Action.PRUNED) for old in sorted(read_inventory(config_map) - new)]


async def _address(cluster: Cluster, rendered: Rendered) -> str:
    for manifest in rendered.objects:
        if manifest["kind"] == GATEWAY.kind:
            return address(await read(cluster, Reference.of(manifest)))
    return ""


async def _cloud(world: World, request: Request, results: list[RegionResult]) -> RegionPlan:
    gateways = {result.region: result.address for result in results if result.address}
    try:
        async with asyncio.timeout(request.timeout):
            changes = await bring_zone(
                world.names,
                request.platform,
                gateways,
                request.stores,
                dry_run=True,
                prune=request.whole,
            )
            changes += await bring_witness(world, dry_run=True)
    except (InfctlError, TimeoutError) as failure:
        what = getattr(failure, "what", f"no answer within {request.timeout:g} s")
        return RegionPlan(RegionResult(CLOUD, error=what))
    for result in results:
        # What becomes of the record of a region that did not answer is not known.
        if not result.address and not result.error:
            detail = "once its gateway has an address"
            what = f"record/{result.region}.{request.platform.service.host}"
            changes.append(Change(what, Action.CREATED, detail))
    return RegionPlan(RegionResult(CLOUD, tuple(changes)))
