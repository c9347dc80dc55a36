"""Which generation each region runs, against the rendered one."""

import asyncio
from dataclasses import dataclass

from infctl.engine.deploy.objects import read
from infctl.engine.deploy.readiness import (
    RolloutFailed,
    address,
    count,
    judge_deployment,
    judge_gateway,
)
from infctl.engine.deploy.regions import Request
from infctl.errors import InfctlError
from infctl.platform.render.inventory import Reference
from infctl.platform.render.naming import GENERATION, INVENTORY, namespace, stable
from infctl.platform.render.region import render_region
from infctl.ports.cluster import CONFIG_MAP, DEPLOYMENT, GATEWAY, Cluster
from infctl.ports.world import World


@dataclass(frozen=True, slots=True)
class Deployed:
    """A region's state: `state` is current, outdated, absent, not ready or unknown."""

    region: str
    state: str
    wanted: str
    found: str = ""
    ready: int = 0
    replicas: int = 0
    address: str = ""
    reason: str = ""


async def read_status(world: World, request: Request) -> list[Deployed]:
    """All regions at once, each with the request's deadline."""
    return list(await asyncio.gather(*(_region(world, request, r) for r in request.regions)))


async def _region(world: World, request: Request, name: str) -> Deployed:
    wanted = render_region(request.platform, name).generation
    cluster = world.clusters.get(name)
    if cluster is None:
        reason = f"the environment {world.environment} has no such region"
        return Deployed(name, "unknown", wanted, reason=reason)
    try:
        async with asyncio.timeout(request.timeout):
            return await _read(cluster, request, name, wanted)
    except InfctlError as error:
        return Deployed(name, "unknown", wanted, reason=error.what)
    except TimeoutError:
        reason = f"no answer within {request.timeout:g} s"
        return Deployed(name, "unknown", wanted, reason=reason)


async def _read(cluster: Cluster, request: Request, name: str, wanted: str) -> Deployed:
    place = namespace(request.platform)
    inventory = await cluster.read(CONFIG_MAP, INVENTORY, place)
    if inventory is None:
        return Deployed(name, "absent", wanted, reason="nothing was deployed here")
    found = (inventory["metadata"].get("annotations") or {}).get(GENERATION, "")
    deployment = await cluster.read(DEPLOYMENT, stable(request.platform), place)
    gateway = None
    if GATEWAY in await cluster.kinds():
        reference = Reference(
            GATEWAY.api_version, GATEWAY.kind, place, request.platform.service.name
        )
        gateway = await read(cluster, reference)
    ready, replicas = count(deployment)
    try:
        reason = judge_deployment(deployment) or judge_gateway(gateway)
    except RolloutFailed as failure:
        reason = failure.what
    state = "outdated" if found != wanted else "not ready" if reason else "current"
    return Deployed(name, state, wanted, found, ready, replicas, address(gateway), reason)
