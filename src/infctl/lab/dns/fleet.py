"""The health checkers at work: one task for each check and checker, none waiting for another."""

import asyncio
import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

from infctl.lab.dns.checkers import checkers_of
from infctl.lab.dns.health import Conclusion, Result, conclude, is_healthy
from infctl.lab.dns.records import Check

_FIRST_PROBE_SECONDS = 0.05
log = logging.getLogger(__name__)


class Probes(Protocol):
    """What sends one probe from one place."""

    async def probe(self, check: Check) -> Result:
        """Probe once."""


Watch = Callable[[str, str, Result, Conclusion], None]
"""Told of each probe: check id, checker, result, and the checker's conclusion after it."""


class Fleet:
    """Keeps all checks that probe something under observation; `probers` by checker."""

    def __init__(self, probers: Mapping[str, Probes], watch: Watch) -> None:
        self._probers = probers
        self._watch = watch
        self._checks: Mapping[str, Check] = {}
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}
        self.conclusions: dict[str, dict[str, Conclusion]] = {}

    def bring(self, checks: Mapping[str, Check]) -> None:
        """Start, restart and end tasks so that exactly these checks are observed.

        A check that changed keeps what was concluded, as a change of settings does in Route 53.
        """
        for key in list(self._tasks):
            if _asked(self._checks[key[0]]) != _asked(checks.get(key[0])):
                self._tasks.pop(key).cancel()
        for identifier in [i for i in self.conclusions if i not in checks]:
            del self.conclusions[identifier]
        self._checks = dict(checks)
        for check in checks.values():
            if check.probes:
                self._start(check)

    def is_healthy(self, identifier: str) -> bool:
        """A check's status at this moment, calculated ones included."""
        words = {
            name: [c.healthy for c in found.values()] for name, found in self.conclusions.items()
        }
        return is_healthy(identifier, self._checks, words)

    async def close(self) -> None:
        """End all tasks."""
        tasks = list(self._tasks.values())
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, check: Check) -> None:
        names = checkers_of(check)
        before = self.conclusions.get(check.id, {})
        self.conclusions[check.id] = {name: before.get(name, Conclusion()) for name in names}
        for place, name in enumerate(names):
            if (check.id, name) not in self._tasks:
                task = asyncio.create_task(self._keep_probing(check, name, place / len(names)))
                self._tasks[check.id, name] = task

    async def _keep_probing(self, check: Check, checker: str, place: float) -> None:
        """A first probe soon, then one per interval at a phase of the checker's own.

        `place` is the checker's place in the interval, 0..1; dice move it within its share.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        await asyncio.sleep(_FIRST_PROBE_SECONDS * (1 + place * 10))
        await self._probe(check, checker)
        share = 1 / len(checkers_of(check))
        turn = began + check.interval * (place + share * random.random())  # noqa: S311
        while True:
            while turn <= loop.time():
                turn += check.interval
            await asyncio.sleep(turn - loop.time())
            await self._probe(check, checker)

    async def _probe(self, check: Check, checker: str) -> None:
        try:
            result = await self._probers[checker].probe(check)
        except Exception:
            log.exception("checker %s cannot probe %s", checker, check.id)
            return
        known = self.conclusions.get(check.id, {})
        if checker in known:
            known[checker] = conclude(known[checker], result, check.threshold)
            self._watch(check.id, checker, result, known[checker])


def _asked(check: Check | None) -> Check | None:
    """What of a check decides how it is probed; None where it is not."""
    if check is None or not check.probes:
        return None
    return replace(check, inverted=False, children=(), health_threshold=0)
