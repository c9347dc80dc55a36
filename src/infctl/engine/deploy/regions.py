"""All regions at once, then the name service with the addresses of those that serve."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass

from infctl.engine.deploy.artifacts import File, read_artifacts
from infctl.engine.deploy.cloud import bring_zone
from infctl.engine.deploy.region import Job, deploy_region
from infctl.engine.deploy.results import Check, Progress, RegionResult, Report, allowed
from infctl.engine.deploy.witness import bring_witness
from infctl.errors import InfctlError
from infctl.platform.model import Platform
from infctl.platform.render.cloud import Store
from infctl.ports.world import World

CLOUD = "cloud"
"""What the name service's row is called, beside the regions."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a deployment is asked to do; `timeout` in seconds holds for each region."""

    platform: Platform
    regions: tuple[str, ...]
    stores: Mapping[str, Store]
    timeout: float
    force: bool = False

    @property
    def whole(self) -> bool:
        """Whether all regions are asked, so that what is no longer wanted can go."""
        return set(self.regions) == set(self.platform.region_names)


async def apply_everywhere(
    world: World, request: Request, report: Report, check: Check = allowed
) -> list[RegionResult]:
    """Deploy to the regions concurrently, then to the name service; one result a row.

    Raises ConfigurationError, before anything is changed, where an artifact is not itself.
    """
    files = read_artifacts(request.platform)
    work = [_region(world, request, name, files, report, check) for name in request.regions]
    results = list(await asyncio.gather(*work))
    return [*results, await _cloud(world, request, results, report, check)]


async def _region(
    world: World,
    request: Request,
    name: str,
    files: tuple[File, ...],
    report: Report,
    check: Check,
) -> RegionResult:
    if name not in world.clusters or name not in world.stores:
        return RegionResult(name, error=f"the environment {world.environment} has no such region")
    job = Job(
        platform=request.platform,
        cluster=world.clusters[name],
        store=world.stores[name],
        files=files,
        timeout=request.timeout,
        force=request.force,
        check=check,
    )
    return await deploy_region(job, report)


async def _cloud(
    world: World, request: Request, results: list[RegionResult], report: Report, check: Check
) -> RegionResult:
    started = time.monotonic()
    gateways = {result.region: result.address for result in results if result.address}
    report(Progress(CLOUD, "records", 0, len(gateways)))
    try:
        async with asyncio.timeout(request.timeout):
            check()
            changes = await bring_zone(
                world.names, request.platform, gateways, request.stores, prune=request.whole
            )
            changes += await bring_witness(world)
    except (InfctlError, TimeoutError) as failure:
        what = getattr(failure, "what", f"no answer within {request.timeout:g} s")
        return RegionResult(CLOUD, seconds=time.monotonic() - started, error=what)
    report(Progress(CLOUD, "records", len(gateways), len(gateways)))
    ready = f"{len(gateways)}/{len(request.regions)}"
    return RegionResult(CLOUD, tuple(changes), ready, seconds=time.monotonic() - started)
