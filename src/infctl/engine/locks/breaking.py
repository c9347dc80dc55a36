"""Breaks a lock whose holder is gone: only with the id of that very holding."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from infctl.engine.locks import refusals
from infctl.engine.locks.asking import Answer, answered, ask, silent
from infctl.engine.locks.deciding import newest_fence
from infctl.errors import Conflict, Refused
from infctl.model.text import clean
from infctl.ports.lock import Holding, LockSite, Seen

_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Broken:
    """Whose holding was broken, at which places, and which did not answer, with the reason."""

    holding: Holding
    sites: tuple[str, ...]
    unreached: dict[str, str]


async def read_places(sites: Sequence[LockSite], deadline: float = 1.0) -> list[Answer]:
    """What every place holds."""
    return await ask(sites, lambda site: site.read(), deadline=deadline)


async def break_lock(
    sites: Sequence[LockSite], lock_id: str, *, deadline: float = 1.0, by: str = ""
) -> Broken:
    """Free every place that holds the record of that id; the fence grows, so its holder stops.

    Raises Refused where no place that answered holds it, and Unreachable where none answered.
    """
    answers = await read_places(sites, deadline)
    found = answered(answers)
    if not found:
        raise refusals.silent(silent(answers), len(sites), 1)
    holdings = [s.holding for s in found.values() if s.holding is not None and not s.holding.free]
    broken = next((h for h in holdings if lock_id and h.id == lock_id), None)
    if broken is None:
        raise _wrong_id(lock_id, holdings)
    free = replace(broken, id=f"broken-{lock_id}"[:256], holder=by or "infctl", free=True)
    free = replace(free, fence=newest_fence(found) + 1, since=0.0, duration=0.0, step="")
    marked = await asyncio.gather(
        *(_mark(a.site, lock_id, free, deadline) for a in answers if a.seen is not None)
    )
    sites_freed = tuple(name for name, why in marked if name and not why)
    problems = {name: why for name, why in marked if name and why}
    return Broken(broken, sites_freed, {**silent(answers), **problems})


async def _mark(site: LockSite, lock_id: str, free: Holding, deadline: float) -> tuple[str, str]:
    """The place's name where it held that id, and why it could not be freed, if so."""

    async def put(place: LockSite) -> Seen:
        for _ in range(_ATTEMPTS):
            seen = await place.read()
            if seen.holding is None or seen.holding.id != lock_id or seen.holding.free:
                return Seen(None, "")
            try:
                return await place.write(free, version=seen.version)
            except Conflict:
                continue
        raise Refused("its holder renews it all the time: it lives")

    answer = (await ask([site], put, deadline=deadline))[0]
    if answer.seen is None:
        return site.name, answer.problem
    return (site.name, "") if answer.seen.holding is not None else ("", "")


def _wrong_id(lock_id: str, holdings: Sequence[Holding]) -> Refused:
    if not holdings:
        return Refused("nobody holds the lock", unchanged="nothing was changed")
    told = "; ".join(dict.fromkeys(refusals.describe(h) for h in holdings))
    return Refused(
        f"{clean(lock_id, limit=80) or 'no id'} is not the id of the lock: {told}",
        hint="infctl locks list",
        unchanged="nothing was changed",
    )
