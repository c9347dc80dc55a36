"""What every place of a lock does: compare and swap, and nothing else."""

from dataclasses import replace

import pytest

from infctl.errors import Conflict
from infctl.ports.lock import Holding, LockSite

FIRST = Holding(
    id="0123456789abcdef",
    holder="ana",
    host="laptop",
    pid=42,
    run="01jrun",
    fence=7,
    renewal=0,
    since=1_700_000_000.25,
    duration=15.0,
)


async def check_compare_and_swap(site: LockSite, other: LockSite) -> None:
    """`other` is the same place as another machine sees it; it holds nothing at first."""
    seen = await site.read()
    assert seen.holding is None or seen.holding.free
    written = await site.write(FIRST, version=seen.version)
    assert written.holding == FIRST
    assert await other.read() == written
    for stale in (seen.version, "999999999"):
        with pytest.raises(Conflict):
            await other.write(replace(FIRST, id="fedcba9876543210"), version=stale)
    assert await site.read() == written

    renewed = replace(FIRST, renewal=1, step="switch · ümläut")
    again = await other.write(renewed, version=written.version)
    assert again.version not in ("", written.version)
    assert (await site.read()).holding == renewed
    with pytest.raises(Conflict):
        await site.write(FIRST, version=written.version)

    free = replace(renewed, free=True, fence=8)
    freed = await site.write(free, version=again.version)
    assert (await other.read()).holding == free
    taken = await other.write(replace(FIRST, fence=9), version=freed.version)
    assert taken.holding == replace(FIRST, fence=9)
