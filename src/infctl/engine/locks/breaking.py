"""Breaking a lock by hand: only with the id that its holder minted, and everywhere at once."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from infctl.errors import Conflict, InfctlError, Refused
from infctl.ports.lock import LockSite, Seen

DEADLINE = 2.0


async def look(sites: Sequence[LockSite]) -> dict[str, Seen | str]:
    """What every place holds, or why it does not say."""

    async def one(site: LockSite) -> Seen | str:
        try:
            async with asyncio.timeout(DEADLINE):
                return await site.read()
        except TimeoutError:
            return f"no answer within {DEADLINE:g} s"
        except InfctlError as error:
            return error.what

    answers = await asyncio.gather(*(one(site) for site in sites))
    return {site.name: answer for site, answer in zip(sites, answers, strict=True)}


async def break_lock(sites: Sequence[LockSite], lock_id: str) -> tuple[str, ...]:
    """Free every place that holds the lock under that id; their names.

    The fence stays, so that the next holder's is higher. Raises Refused where no place has the id.
    """
    found = await look(sites)
    broken = []
    for site in sites:
        seen = found[site.name]
        if isinstance(seen, str) or seen.holding is None or seen.holding.free:
            continue
        if lock_id and seen.holding.id == lock_id:
            try:
                await site.write(replace(seen.holding, free=True), version=seen.version)
            except Conflict:
                # It was renewed meanwhile: its holder lives, which whoever breaks it must know.
                continue
            broken.append(site.name)
    if not broken:
        raise Refused(
            "no place holds the lock under that id, or its holder renews it",
            hint="infctl locks list",
            unchanged="the lock is as it was",
        )
    return tuple(broken)
