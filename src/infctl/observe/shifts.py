"""Which regions are switched off, as their keepers' switch objects say."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from infctl.model.measured import Measured
from infctl.model.shift import Shift, latest, read_shift
from infctl.observe.reading import measure
from infctl.ports.cloud import ObjectStore


@dataclass(frozen=True, slots=True)
class Shifts:
    """The shifts in force, and for each region whose keepers were all silent why that is so."""

    active: tuple[Shift, ...] = ()
    unread: Mapping[str, str] = field(default_factory=dict)


async def read_shifts(
    stores: Mapping[str, ObjectStore], regions: tuple[str, ...], service: str, deadline: float
) -> Shifts:
    """Ask every keeper of every region at once, each with the deadline in seconds."""
    found = await asyncio.gather(*(_region(stores, regions, service, r, deadline) for r in regions))
    active = tuple(shift for shift, _ in found if shift is not None)
    unread = {region: why for region, (_, why) in zip(regions, found, strict=True) if why}
    return Shifts(active, unread)


async def _region(
    stores: Mapping[str, ObjectStore],
    regions: tuple[str, ...],
    service: str,
    region: str,
    deadline: float,
) -> tuple[Shift | None, str]:
    keepers = [stores[name] for name in regions if name != region and name in stores]
    answers = await asyncio.gather(*(_held(s, service, region, deadline) for s in keepers))
    held = [read_shift(region, a.value) for a in answers if a.value]
    if held:
        return latest(held), ""
    is_silent = bool(answers) and not any(a.known for a in answers)
    return None, answers[0].reason if is_silent else ""


async def _held(store: ObjectStore, service: str, region: str, deadline: float) -> Measured[bytes]:
    bucket, key = f"{service}-switches-{store.region}", f"off/{region}"
    return await measure(_get(store, bucket, key), f"s3 {store.region}", deadline)


async def _get(store: ObjectStore, bucket: str, key: str) -> bytes:
    """Nothing there is an answer as well: empty bytes. A switch without a word still is one."""
    found = await store.get(bucket, key)
    return b"" if found is None else found or b"{}"
