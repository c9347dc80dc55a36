"""The lock of an environment: a record in a majority of places, renewed, with a fence."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from infctl.engine.locks import refusals
from infctl.engine.locks.asking import answered, ask, majority_of, silent
from infctl.engine.locks.deciding import Decision, Held, Silent, Take, decide, newest_fence
from infctl.engine.locks.observing import Observations, looks_alive
from infctl.engine.locks.tenure import Tenure, Who
from infctl.engine.locks.writing import Pen
from infctl.ports.clock import Clock
from infctl.ports.lock import Holding, LockSite, Seen

POLL_SECONDS = 0.5
LONGEST_PAUSE = 0.5
FIRST_PAUSE = 0.05
CONTENTION_SECONDS = 20.0
SILENT_ROUNDS = 2


class EnvironmentLock:
    """One attempt at, and one tenure of, an environment's lock.

    Others may take over once our record is unchanged for `duration` seconds of their clocks; we
    stop `renew_deadline` seconds after our last renewal by ours, so a clock may run half as fast
    again as another. `deadline` bounds each question to a place; `random` mints ids and pauses.
    """

    def __init__(
        self,
        sites: Sequence[LockSite],
        clock: Clock,
        who: Who,
        *,
        duration: float = 15.0,
        renew_deadline: float = 10.0,
        retry: float = 2.0,
        deadline: float = 1.0,
        random: Random | None = None,
    ) -> None:
        self._sites = tuple(sites)
        self._needed = majority_of(len(self._sites))
        self._clock = clock
        self._who = who
        self._duration = duration
        self._renew_deadline = renew_deadline
        self._retry = retry
        self._deadline = deadline
        self._random = random or secrets.SystemRandom()
        self._observed = Observations(duration)
        self._tenure: Tenure | None = None
        self._id = f"{self._random.getrandbits(64):016x}"
        self._holding = self._mint(0)
        self._step = ""
        self.unreached: dict[str, str] = {}

    @property
    def id(self) -> str:
        """The id under which the lock is, or would be, held; breaking it needs this."""
        return self._id

    @property
    def fence(self) -> int:
        """The number that every write of this tenure carries."""
        return self._holding.fence

    async def acquire(
        self, *, patience: float = 0.0, force: bool = False, succeeds: str = ""
    ) -> int:
        """Take the lock and return its fence.

        A holder that lives is waited for as long as `patience` says, one that looks dead for as
        long as its lease runs. `succeeds` is the id of a holding that nobody keeps any more.
        `force` takes every place that answers from whoever holds it, and needs no majority;
        `unreached` then says which did not answer. Raises Refused where another holds it, and
        Unreachable where no majority answers.
        """
        self._step = ""
        if force:
            return await self._seize()
        ours = frozenset({self._id, succeeds} - {""})
        begun = self._clock.boottime()
        attempt = quiet = 0
        while True:
            found = await self._look()
            decision = self._decide(found, ours, attempt)
            waited = self._clock.boottime() - begun
            if isinstance(decision, Take) and await self._take(decision, found):
                return self.fence
            if isinstance(decision, Held):
                self._refuse(decision.holding, waited, patience)
                await self._clock.sleep(POLL_SECONDS)
                continue
            quiet = quiet + 1 if isinstance(decision, Silent) else 0
            if quiet >= SILENT_ROUNDS:
                raise refusals.silent(self.unreached, len(self._sites), self._needed)
            if waited >= max(patience, CONTENTION_SECONDS):
                raise refusals.contended()
            attempt += 1
            await self._clock.sleep(self._pause(attempt))

    def check(self) -> None:
        """LeaseLost where another holder may have taken over; asked right before each act."""
        why = self._why_lost()
        if why:
            raise refusals.lost(why, self._who.run)

    async def note_step(self, step: str) -> None:
        """Tell others, with the next renewal, which step was begun last."""
        self._step = step

    async def renew_forever(self) -> None:
        """Renew until cancelled, or until the lock is lost."""
        while not self._why_lost():
            await self._clock.sleep(self._retry)
            if not self._why_lost():
                await self.renew()

    async def renew(self) -> None:
        """Renew at every place once, and take those that have become free."""
        if self._tenure is None or self._why_lost():
            return
        renewal = self._holding.renewal + 1
        self._holding = replace(self._holding, renewal=renewal, step=self._step)
        places = [site for site in self._sites if site.name in self._tenure.places]
        await self._pen(self._tenure).renew(places, self._holding)

    async def release(self) -> None:
        """Give the lock back wherever our record may stand; whatever cannot be told runs out."""
        tenure, self._tenure = self._tenure, None
        if tenure is not None:
            await self._pen(tenure).give_back(self._sites, self._holding)

    def _why_lost(self) -> str:
        if self._tenure is None:
            return "it was never taken, or was given back"
        return self._tenure.look(self._clock.boottime())

    def _decide(self, found: dict[str, Seen], ours: frozenset[str], attempt: int) -> Decision:
        now = self._clock.boottime()
        return decide(
            [site.name for site in self._sites],
            found,
            ours=ours,
            needed=self._needed,
            attempt=attempt,
            has_expired=lambda name, holding: self._observed.has_expired(name, holding, now),
        )

    async def _look(self) -> dict[str, Seen]:
        answers = await ask(self._sites, _read, deadline=self._deadline, enough=self._needed)
        now = self._clock.boottime()
        found = answered(answers)
        for name, seen in found.items():
            self._observed.note(name, seen, now)
        self.unreached = silent(answers)
        return found

    async def _take(self, decision: Take, found: dict[str, Seen]) -> bool:
        """Write the places, the first one alone; give all back where no majority was had."""
        names = tuple(site.name for site in self._sites)
        tenure = Tenure(names, self._needed, self._renew_deadline)
        tenure.versions = {name: found[name].version for name in decision.sites}
        self._holding = self._mint(decision.fence)
        pen = self._pen(tenure)
        chosen = [site for site in self._sites if site.name in decision.sites]
        chosen.sort(key=lambda site: decision.sites.index(site.name))
        await pen.write(chosen[:1], self._holding)
        if tenure.renewed:
            await pen.write(chosen[1:], self._holding, enough=tenure.needed - 1)
        if self._clock.boottime() < tenure.until():
            self._tenure = tenure
            return True
        await pen.give_back(pen.touched, self._holding)
        return False

    async def _seize(self) -> int:
        """Break-glass: over any holder, wherever a place answers."""
        answers = await ask(self._sites, _read, deadline=self._deadline)
        found = answered(answers)
        self._holding = self._mint(newest_fence(found) + 1 if found else 0)
        tenure = Tenure(tuple(found), 0, self._renew_deadline)
        pen = self._pen(tenure)
        reached = [site for site in self._sites if site.name in found]
        await pen.overwrite(reached, self._holding)
        self.unreached = {**silent(answers), **pen.problems}
        if found and not tenure.renewed:
            await pen.give_back(pen.touched, self._holding)
            raise refusals.silent(self.unreached, len(self._sites), 1)
        tenure.places = tuple(tenure.renewed)
        tenure.needed = majority_of(len(tenure.renewed)) if tenure.renewed else 0
        self._tenure = tenure
        return self.fence

    def _refuse(self, holding: Holding, waited: float, patience: float) -> None:
        """Raise, unless the holder looks dead or we have patience left."""
        wall = self._clock.wall()
        looks = looks_alive(holding, wall=wall, retry=self._retry, duration=self._duration)
        is_alive = holding.id in self._observed.alive or looks
        if waited >= patience and (is_alive or waited >= patience + 2 * self._duration):
            raise refusals.held(holding, looks_alive=is_alive)

    def _mint(self, fence: int) -> Holding:
        who = self._who
        return Holding(
            id=self._id,
            holder=who.holder,
            host=who.host,
            pid=who.pid,
            run=who.run,
            fence=fence,
            renewal=0,
            since=self._clock.wall(),
            duration=self._duration,
        )

    def _pen(self, tenure: Tenure) -> Pen:
        return Pen(tenure, self._clock, self._deadline)

    def _pause(self, attempt: int) -> float:
        """Full jitter."""
        most: float = min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt)
        return self._random.uniform(0.0, most)


async def _read(site: LockSite) -> Seen:
    return await site.read()
