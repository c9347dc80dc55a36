"""What the name service and the switches say of every region."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infctl.model.health_check import evaluate, leaves
from infctl.model.measured import Measured, unknown
from infctl.observe.reading import measure
from infctl.ports.cloud import CloudState, NameService, ObjectStore


@dataclass(frozen=True, slots=True)
class NamesReading:
    """The name service's share of a RegionSnapshot."""

    healthy: Measured[bool]
    weight: Measured[int]


async def read_names(
    names: NameService, zone: str, host: str, regions: tuple[str, ...], deadline: float
) -> dict[str, NamesReading]:
    """For each region: is its record in the answers, and with which weight."""
    state = await measure(names.read(zone), "route53", deadline)
    if state.value is None:
        silent: Measured[Any] = unknown("route53", state.at, state.reason)
        return dict.fromkeys(regions, NamesReading(silent, silent))
    readings = (_region(names, state, state.value, host, region, deadline) for region in regions)
    return dict(zip(regions, await asyncio.gather(*readings), strict=True))


async def _region(
    names: NameService,
    state: Measured[CloudState],
    cloud: CloudState,
    host: str,
    region: str,
    deadline: float,
) -> NamesReading:
    record = next(
        (r for r in cloud.records if r.set_identifier == region and r.name.rstrip(".") == host),
        None,
    )
    if record is None:
        missing: Measured[Any] = unknown("route53", state.at, "no record")
        return NamesReading(missing, missing)
    weight = Measured(record.weight, state.at, state.source)
    healthy = await measure(_healthy(names, cloud, record.health_check), "route53", deadline)
    return NamesReading(healthy, weight)


async def _healthy(names: NameService, cloud: CloudState, check: str) -> bool | None:
    configs = {c.name: c.config for c in cloud.health_checks}
    ids = {c.name: c.id for c in cloud.health_checks}
    wanted = leaves(check, configs)
    seen = await asyncio.gather(*(names.observations(ids[leaf]) for leaf in wanted))
    words = {leaf: [o.healthy for o in said] for leaf, said in zip(wanted, seen, strict=True)}
    return evaluate(check, configs, words)


async def read_switches(
    stores: Mapping[str, ObjectStore],
    regions: tuple[str, ...],
    service: str,
    region: str,
    deadline: float,
) -> Measured[bool]:
    """Whether any keeper that answers holds the region's off switch.

    Where no keeper answers the switch is unknown. Keepers are all other regions of the platform: a
    region that stands alone has none, and cannot be off.
    """
    if set(regions) <= {region}:
        return Measured(False, time.time(), "platform")
    keepers = [stores[name] for name in regions if name != region and name in stores]
    answers = await asyncio.gather(*(_held(s, service, region, deadline) for s in keepers))
    known = [a for a in answers if a.known]
    if not known:
        reason = answers[0].reason if answers else "no region that keeps it can be reached"
        at = answers[0].at if answers else time.time()
        return unknown("s3 switches", at, reason)
    return Measured(any(a.value for a in known), max(a.at for a in known), "s3 switches")


async def read_store(store: ObjectStore, deadline: float) -> Measured[bool]:
    """Whether a region's object store answers."""
    return await measure(_answers(store), f"s3 {store.region}", deadline)


async def _answers(store: ObjectStore) -> bool:
    await store.buckets()
    return True


async def _held(store: ObjectStore, service: str, region: str, deadline: float) -> Measured[bool]:
    bucket = f"{service}-switches-{store.region}"
    return await measure(_exists(store, bucket, f"off/{region}"), f"s3 {store.region}", deadline)


async def _exists(store: ObjectStore, bucket: str, key: str) -> bool:
    return await store.get(bucket, key) is not None
