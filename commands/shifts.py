"""Regions that are switched off: read, listed, and those given back whose time is over."""

import asyncio
import time
from typing import TYPE_CHECKING, Any

from infctl.commands.context import Context
from infctl.commands.output import Output, note, show, timestamp
from infctl.errors import Exit, InfctlError, UsageError, worst
from infctl.model.shift import LONGEST, Shift, cannot_return, end_of, shift_line

if TYPE_CHECKING:
    from infctl.model.snapshot import Snapshot
    from infctl.observe.shifts import Shifts
    from infctl.platform import Platform
    from infctl.ports.world import World

DEADLINE = 4.0
_SHORTEST = 60.0
COLUMNS = [
    ("REGION", "name"),
    ("OWNER", "owner"),
    ("SINCE", "since"),
    ("END", "end"),
    ("REASON", "reason"),
]


def parse_keep(text: str | None) -> float:
    """Seconds of --for, such as 4h or 90m; at most 72 hours, which is the default as well."""
    if text is None:
        return LONGEST
    from infctl.platform.units import parse_duration

    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise UsageError(f"--for: {error}", hint="--for 4h, --for 90m") from None
    if not _SHORTEST <= seconds <= LONGEST:
        raise UsageError("--for takes from 1m to 72h", hint="--for 4h")
    return seconds


async def read(world: "World", platform: "Platform", deadline: float) -> "Shifts":
    """The shifts of a platform."""
    from infctl.observe.shifts import read_shifts

    return await read_shifts(world.stores, platform.region_names, platform.service.name, deadline)


def shift_item(shift: Shift, now: float) -> dict[str, Any]:
    """A shift as JSON, and the texts of a table."""
    return {
        "name": shift.region,
        "owner": shift.owner,
        "reason": shift.reason,
        "run": shift.run,
        "since": None if shift.at is None else timestamp(shift.at),
        "expires": None if shift.expires is None else timestamp(shift.expires),
        "expired": shift.is_expired(now),
        "_display": {"end": end_of(shift, now)},
    }


def list_shifts(context: Context, output: Output) -> int:
    """Print the shifts in force; 6 where a region's keepers are all silent."""
    platform = context.load_platform()
    found = asyncio.run(_read_once(context, platform))[0]
    now = time.time()
    items = [shift_item(shift, now) for shift in found.active]
    metadata = {"partial": bool(found.unread)}
    show("ShiftList", items, COLUMNS, output=output, prefix="region/", metadata=metadata)
    _tell_unread(found)
    return int(Exit.UNDECIDED if found.unread else Exit.DONE)


def expired(context: Context, platform: "Platform") -> tuple[tuple[str, ...], int]:
    """The regions whose shifts are over and that are fit to serve, and the exit code of the rest.

    Each one that stays off is told with the reason.
    """
    found, snapshot = asyncio.run(_read_once(context, platform, with_regions=True))
    now = time.time()
    fit, codes = [], [int(Exit.UNDECIDED)] if found.unread else []
    for shift in found.active:
        if not shift.is_expired(now):
            note(shift_line(shift, now))
            continue
        region = None if snapshot is None else snapshot.region(shift.region)
        why, is_measured = ("it was not read", False) if region is None else cannot_return(region)
        if why:
            note(f"{shift_line(shift, now)}; it stays off: {why}")
            codes.append(int(Exit.MEASURED_BAD if is_measured else Exit.UNDECIDED))
        else:
            fit.append(shift.region)
    _tell_unread(found)
    if not found.active:
        note("no region is switched off")
    return tuple(fit), worst(*codes)


async def _read_once(
    context: Context, platform: "Platform", *, with_regions: bool = False
) -> "tuple[Shifts, Snapshot | None]":
    from infctl.observe.snapshot import Target, observe

    world = context.open_world(platform)
    try:
        await world.warm()
        if not with_regions:
            return await read(world, platform, DEADLINE), None
        service = platform.service
        target = Target(service.name, service.host, service.zone, platform.region_names)
        return await asyncio.gather(
            read(world, platform, DEADLINE), observe(world, target, deadline=DEADLINE)
        )
    finally:
        await world.close()


def _tell_unread(found: "Shifts") -> None:
    for region, why in found.unread.items():
        note(f"whether {region} is switched off is not known: {why}")


def tell_failure(region: str, error: InfctlError) -> int:
    """One region that could not be given back does not keep the others waiting."""
    note(f"{region} stays off: {error.what}")
    return int(error.exit_code)
