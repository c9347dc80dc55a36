"""Puts the readings of all regions together into one Snapshot."""

import asyncio
import time
from dataclasses import dataclass, fields, replace
from typing import Any

from infctl.model.measured import Measured, unknown
from infctl.model.snapshot import RegionSnapshot, Snapshot
from infctl.observe.cluster import ClusterReading, read_cluster
from infctl.observe.metrics import read_metrics
from infctl.observe.names import NamesReading, read_names, read_store, read_switches
from infctl.ports.world import World

DEADLINE = 2.0


@dataclass(frozen=True, slots=True)
class Target:
    """What to look at: the service's name (its namespace), host and zone, and the regions."""

    service: str
    host: str
    zone: str
    regions: tuple[str, ...]


async def observe(
    world: World, target: Target, *, previous: Snapshot | None = None, deadline: float = DEADLINE
) -> Snapshot:
    """Ask every region at once; values that could not be read now are carried over as stale."""
    names = asyncio.create_task(
        read_names(world, target.zone, target.host, target.regions, deadline)
    )
    regions = await asyncio.gather(
        *(_region(world, target, name, names, deadline) for name in target.regions)
    )
    shared = _with_shares(list(regions))
    if previous is not None:
        shared = [_carry_over(region, previous.region(region.name)) for region in shared]
    return Snapshot(time.time(), tuple(shared))


async def _region(
    world: World,
    target: Target,
    name: str,
    names: "asyncio.Task[dict[str, NamesReading]]",
    deadline: float,
) -> RegionSnapshot:
    if name not in world.clusters:
        return _absent(name, f"the environment {world.environment} names no such region")
    cluster, metrics, switched, store = await asyncio.gather(
        read_cluster(world.clusters[name], target.service, deadline),
        read_metrics(world.metrics[name], deadline),
        read_switches(world.stores, target.regions, target.service, name, deadline),
        read_store(world.stores[name], deadline),
    )
    return _assemble(name, cluster, metrics, (switched, store), (await names)[name])


def _assemble(
    name: str,
    cluster: ClusterReading,
    metrics: dict[str, Measured[float]],
    cloud: tuple[Measured[bool], Measured[bool]],
    names: NamesReading,
) -> RegionSnapshot:
    return RegionSnapshot(
        name=name,
        cluster_version=cluster.version,
        replicas=cluster.replicas,
        models=cluster.models,
        generation=cluster.generation,
        traffic_share=unknown("prometheus", metrics["requests_per_second"].at, "not counted"),
        dns_healthy=names.healthy,
        weight=names.weight,
        switched_off=cloud[0],
        store=cloud[1],
        **metrics,
    )


def _absent(name: str, reason: str) -> RegionSnapshot:
    silent: Measured[Any] = unknown("access file", time.time(), reason)
    readings = [field.name for field in fields(RegionSnapshot) if field.name != "name"]
    return RegionSnapshot(name, **dict.fromkeys(readings, silent))


def _with_shares(regions: list[RegionSnapshot]) -> list[RegionSnapshot]:
    """Each region's share of the requests that could be counted, marked where some could not."""
    rates = [r.requests_per_second for r in regions]
    total = sum(rate.value or 0.0 for rate in rates)
    uncounted = [r.name for r in regions if not r.requests_per_second.known]
    return [replace(r, traffic_share=_share(r, total, uncounted)) for r in regions]


def _share(region: RegionSnapshot, total: float, uncounted: list[str]) -> Measured[float]:
    rate = region.requests_per_second
    if rate.value is None:
        return unknown(rate.source, rate.at, rate.reason)
    if total == 0:
        return unknown(rate.source, rate.at, "no requests")
    share = Measured(rate.value / total, rate.at, rate.source, rate.reason)
    return share.stale(f"without {', '.join(uncounted)}") if uncounted else share


def _carry_over(region: RegionSnapshot, before: RegionSnapshot | None) -> RegionSnapshot:
    if before is None:
        return region
    changes: dict[str, Any] = {}
    for field, measured in region.sources().items():
        old = before.sources()[field]
        if measured.value is None and old.value is not None and measured.reason != "no requests":
            changes[field] = old.stale(measured.reason)
    return replace(region, **changes)
