"""Asks all places at once, each with a deadline: one that is dead never delays the others."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from infctl.errors import InfctlError
from infctl.model.text import clean
from infctl.ports.lock import LockSite, Seen

Verb = Callable[[LockSite], Awaitable[Seen]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one place said; `seen` is None where it did not answer well, and `problem` says why.

    After a write without an answer nobody knows whether it took effect.
    """

    site: LockSite
    seen: Seen | None
    problem: str = ""


def majority_of(count: int) -> int:
    """How many of so many places are more than half."""
    return count // 2 + 1


async def ask(
    sites: Sequence[LockSite], verb: Verb, *, deadline: float, enough: int | None = None
) -> list[Answer]:
    """Every place's answer, in the order of `sites`.

    Once `enough` answered well, the others get as long again as those took, and no longer.
    """
    if not sites:
        return []
    poll = _Poll(len(sites), deadline, enough)
    tasks = [asyncio.create_task(poll.hear(site, verb)) for site in sites]
    try:
        silence = await poll.over
    finally:
        poll.close()
        for task in tasks:
            task.cancel()
    return [poll.answers.get(s.name) or Answer(s, None, silence) for s in sites]


class _Poll:
    """Collects answers until all are there or time is up; `over` then says why the rest is silent.

    One timer bounds all of them: a lock is renewed every other second at every place.
    """

    def __init__(self, asked: int, deadline: float, enough: int | None) -> None:
        self._loop = asyncio.get_running_loop()
        self._asked = asked
        self._enough = enough
        self._good = 0
        self._begun = self._loop.time()
        self._late = f"no answer within {deadline:g} s"
        self._timers = [self._loop.call_later(deadline, self._end, self._late)]
        self.answers: dict[str, Answer] = {}
        self.over: asyncio.Future[str] = self._loop.create_future()

    async def hear(self, site: LockSite, verb: Verb) -> None:
        """One place's answer; what breaks in asking breaks the whole question."""
        try:
            self._note(Answer(site, await verb(site)))
        except TimeoutError:
            self._note(Answer(site, None, self._late))
        except InfctlError as error:
            self._note(Answer(site, None, clean(error.what, limit=200)))
        except Exception as error:
            if not self.over.done():
                self.over.set_exception(error)

    def close(self) -> None:
        """Nobody waits any more."""
        for timer in self._timers:
            timer.cancel()

    def _note(self, answer: Answer) -> None:
        self.answers[answer.site.name] = answer
        if len(self.answers) == self._asked:
            self._end("")
            return
        self._good += answer.seen is not None
        if self._enough is not None and self._good >= self._enough and len(self._timers) == 1:
            again = 2 * self._loop.time() - self._begun
            self._timers.append(self._loop.call_at(again, self._end, "no answer yet"))

    def _end(self, silence: str) -> None:
        if not self.over.done():
            self.over.set_result(silence)


def answered(answers: Iterable[Answer]) -> dict[str, Seen]:
    """What those places hold that answered well, by name."""
    return {a.site.name: a.seen for a in answers if a.seen is not None}


def silent(answers: Iterable[Answer]) -> dict[str, str]:
    """The other places, and why."""
    return {a.site.name: a.problem for a in answers if a.seen is None}
