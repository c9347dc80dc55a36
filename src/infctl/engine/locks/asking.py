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
    tasks = {s.name: asyncio.create_task(_answer(s, verb, deadline)) for s in sites}
    try:
        await _settle(set(tasks.values()), enough)
        return [
            tasks[s.name].result() if tasks[s.name].done() else Answer(s, None, "no answer yet")
            for s in sites
        ]
    finally:
        for task in tasks.values():
            task.cancel()


async def _settle(open_tasks: "set[asyncio.Task[Answer]]", enough: int | None) -> None:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    good = 0
    limit: float | None = None
    while open_tasks:
        patience = None if limit is None else limit - loop.time()
        if patience is not None and patience <= 0:
            return
        done, open_tasks = await asyncio.wait(
            open_tasks, timeout=patience, return_when=asyncio.FIRST_COMPLETED
        )
        good += sum(task.result().seen is not None for task in done)
        if limit is None and enough is not None and good >= enough:
            limit = 2 * loop.time() - begun


async def _answer(site: LockSite, verb: Verb, deadline: float) -> Answer:
    try:
        async with asyncio.timeout(deadline):
            return Answer(site, await verb(site))
    except TimeoutError:
        return Answer(site, None, f"no answer within {deadline:g} s")
    except InfctlError as error:
        return Answer(site, None, clean(error.what, limit=200))


def answered(answers: Iterable[Answer]) -> dict[str, Seen]:
    """What those places hold that answered well, by name."""
    return {a.site.name: a.seen for a in answers if a.seen is not None}


def silent(answers: Iterable[Answer]) -> dict[str, str]:
    """The other places, and why."""
    return {a.site.name: a.problem for a in answers if a.seen is None}
