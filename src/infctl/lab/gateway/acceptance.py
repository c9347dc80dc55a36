"""Whether Envoy took what was written: it keeps the former configuration where it refuses one."""

import logging
import re

import aiohttp

_STATS = "/stats?filter=update_(success|rejected)$&usedonly"
_LINE = re.compile(r"(\S+)\.update_(success|rejected): (\d+)")
_log = logging.getLogger(__name__)

Counts = dict[str, dict[str, int]]
"""How often each source of resources was taken (success) and refused (rejected)."""


class Acceptance:
    """What Envoy says of its sources, between one look and the next."""

    def __init__(self, admin: str) -> None:
        """`admin` is host and port of Envoy's admin server."""
        self._url = f"http://{admin}{_STATS}"
        self._before: Counts = {}
        self._refused: set[str] = set()

    async def refused(self) -> list[str]:
        """The sources whose newest content was refused, such as `http.ingress.rds.http-8080`."""
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=1)) as session,
                session.get(self._url) as answer,
            ):
                counts = read(await answer.text())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            # Envoy's own health is the supervisor's to tell.
            _log.info("Envoy does not say what it took: %r", error)
            return sorted(self._refused)
        self._refused = judge(self._before, counts, self._refused)
        self._before = counts
        return sorted(self._refused)


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
