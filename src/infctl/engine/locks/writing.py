"""Writes a holder's record into places, and keeps account of what is known of each."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from infctl.engine.locks.asking import Verb, ask
from infctl.engine.locks.deciding import is_free, newest_fence
from infctl.engine.locks.tenure import Tenure
from infctl.errors import Conflict
from infctl.ports.clock import Clock
from infctl.ports.lock import Holding, LockSite, Seen

_ATTEMPTS = 3


@dataclass
class Pen:
    """The hand of one holder. `touched` are places that may hold what it wrote."""

    tenure: Tenure
    clock: Clock
    deadline: float
    touched: list[LockSite] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)

    async def write(
        self, sites: Sequence[LockSite], holding: Holding, *, enough: int | None = None
    ) -> None:
        """Write a new record where the places still are as they were read."""
        self.touched += sites
        await self._send(sites, lambda site: self._put(site, holding), holding, enough)

    async def overwrite(self, sites: Sequence[LockSite], holding: Holding) -> None:
        """Write a new record over anybody's."""
        self.touched += sites
        await self._send(sites, lambda site: self._force(site, holding), holding, None)

    async def renew(self, sites: Sequence[LockSite], holding: Holding) -> None:
        """Write a newer record; places that are in doubt, or were another's, are read first."""
        await self._send(sites, lambda site: self._refresh(site, holding), holding, None)

    async def give_back(self, sites: Sequence[LockSite], holding: Holding) -> None:
        """Mark our record as free; a write that may still be on its way is made to miss."""
        await ask(sites, lambda site: self._free(site, holding), deadline=self.deadline)

    async def _send(
        self, sites: Sequence[LockSite], verb: Verb, holding: Holding, enough: int | None
    ) -> None:
        sent = self.clock.boottime()
        answers = await ask(sites, verb, deadline=self.deadline, enough=enough)
        for answer in answers:
            name = answer.site.name
            if answer.seen is None:
                self.tenure.doubt(name)
                self.problems[name] = answer.problem
            elif _is_ours(answer.seen, holding):
                self.tenure.confirm(name, answer.seen.version, sent)
            else:
                self.tenure.overtake(name)

    async def _put(self, site: LockSite, holding: Holding) -> Seen:
        """Write; a refusal may be that of our own write's repetition, so it is read back."""
        try:
            return await site.write(holding, version=self.tenure.versions[site.name])
        except Conflict:
            return await site.read()

    async def _force(self, site: LockSite, holding: Holding) -> Seen:
        """Holders who live write as well, so it may take more than one attempt."""
        for _ in range(_ATTEMPTS):
            seen = await site.read()
            if _is_ours(seen, holding) or newest_fence({site.name: seen}) >= holding.fence:
                return seen
            with contextlib.suppress(Conflict):
                return await site.write(holding, version=seen.version)
        return await site.read()

    async def _refresh(self, site: LockSite, holding: Holding) -> Seen:
        version = self.tenure.versions.get(site.name)
        if version is not None:
            try:
                return await site.write(holding, version=version)
            except Conflict:
                # Somebody wrote, or our last write arrived after its deadline.
                self.tenure.doubt(site.name)
        seen = await site.read()
        # A free record with a newer fence is the mark of whoever broke the lock, or tried past us.
        is_ours = is_free(seen, frozenset({holding.id}))
        if not is_ours or newest_fence({site.name: seen}) > holding.fence:
            return seen
        return await site.write(holding, version=seen.version)

    async def _free(self, site: LockSite, holding: Holding) -> Seen:
        """Where another holds it already, nothing of ours can arrive any more."""
        seen = await site.read()
        if not is_free(seen, frozenset({holding.id})):
            return seen
        given = replace(_above(holding, seen), free=True, renewal=holding.renewal + 1)
        return await site.write(given, version=seen.version)


def _above(holding: Holding, seen: Seen) -> Holding:
    """The record with the place's own fence where that is newer: numbers never go back."""
    known = 0 if seen.holding is None else seen.holding.fence
    return replace(holding, fence=max(holding.fence, known))


def _is_ours(seen: Seen, holding: Holding) -> bool:
    """Whether a place holds this very renewal of ours."""
    found = seen.holding
    return (
        found is not None
        and found.id == holding.id
        and found.renewal == holding.renewal
        and not found.free
    )
