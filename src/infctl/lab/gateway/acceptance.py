"""Whether Envoy took what was written: it keeps the former configuration where it refuses one."""

import asyncio
import logging
import re
import time

import aiohttp

_STATS = "/stats?filter=update_(success|rejected)$&usedonly"
_LINE = re.compile(r"(\S+)\.update_(success|rejected): (\d+)")
_POLL_SECONDS = 0.01
_log = logging.getLogger(__name__)

Counts = dict[str, dict[str, int]]
"""How often each source of resources was taken (success) and refused (rejected)."""


class Acceptance:
    """What Envoy says of its sources, between one look and the next."""

    def __init__(self, admin: str) -> None:
        """`admin` is host and port of Envoy's admin server."""
        self._admin = f"http://{admin}"
        self._before: Counts = {}
        self._refused: set[str] = set()

    async def refused(self) -> list[str]:
        """The sources whose newest content was refused, such as `http.ingress.rds.http-8080`."""
        if text := await self._ask(_STATS):
            counts = read(text)
            self._refused = judge(self._before, counts, self._refused)
            self._before = counts
        return sorted(self._refused)

    async def wait_for(self, clusters: set[str], seconds: float) -> bool:
        """Wait until Envoy can use clusters; false where it cannot in time, or does not answer."""
        end = time.monotonic() + seconds
        while text := await self._ask("/clusters"):
            if clusters <= {line.partition("::")[0] for line in text.splitlines()}:
                return True
            if time.monotonic() > end:
                break
            await asyncio.sleep(_POLL_SECONDS)
        return False

    async def _ask(self, path: str) -> str:
        """Envoy's answer; empty where there is none: its own health is the supervisor's to tell."""
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=1)) as session,
                session.get(self._admin + path) as answer,
            ):
                return await answer.text()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            _log.info("Envoy's admin server does not answer: %r", error)
            return ""


def read(text: str) -> Counts:
    """Envoy's statistics as text. Pure."""
    found: Counts = {}
    for name, kind, number in _LINE.findall(text):
        found.setdefault(name, {})[kind] = int(number)
    return found


def judge(before: Counts, now: Counts, refused: set[str]) -> set[str]:
    """Which sources stand refused: since the last look refused, and not taken since. Pure."""
    standing = set(refused)
    for name, counts in now.items():
        former = before.get(name, {})
        if counts.get("rejected", 0) > former.get("rejected", 0):
            standing.add(name)
        elif counts.get("success", 0) > former.get("success", 0):
            standing.discard(name)
    return standing & set(now)
