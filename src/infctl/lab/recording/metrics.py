"""Reads all samples of a region's Prometheus, a piece of time after the other."""

import time
from collections.abc import Callable
from typing import Any

import aiohttp

from infctl.lab.recording import openmetrics
from infctl.lab.recording.folder import Folder
from infctl.lab.recording.scrub import Scrubber

PIECE_SECONDS = 30.0
SETTLE_SECONDS = 2.0
"""A sample has the time at which its scrape began, and is there when that ended."""
_DEADLINE = aiohttp.ClientTimeout(total=20, sock_connect=3)


class MetricsUnread(Exception):
    """Prometheus did not answer, or not what was asked for."""


class MetricsTape:
    """One region's samples: each call keeps those since the call before, as a file of its own."""

    def __init__(
        self,
        region: str,
        base: str,
        folder: Folder,
        scrubber: Scrubber,
        since: float,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.region = region
        self.samples = 0
        self._scrubber = scrubber
        self._base = base
        self._folder = folder
        self._until = round(since, 3)
        self._now = now
        self._pieces = 0

    async def keep(self, session: aiohttp.ClientSession) -> None:
        """Keep what is new, up to `SETTLE_SECONDS` ago.

        MetricsUnread where that cannot be read: the next call then keeps it as well.
        """
        end = round(self._now() - SETTLE_SECONDS, 3)
        seconds = end - self._until
        if seconds <= 0:
            return
        names = await _ask(session, f"{self._base}/api/v1/label/__name__/values", {})
        text = []
        for name in names:
            # A range selector gives the samples as they were scraped, none made up in between.
            query = f'{{__name__="{name}"}}[{seconds * 1000:.0f}ms]'
            found = await _ask(
                session, f"{self._base}/api/v1/query", {"query": query, "time": f"{end:.3f}"}
            )
            series = [_after(one, self._until) for one in found["result"]]
            self.samples += sum(len(one["values"]) for one in series)
            text.append(self._scrubber.clean_known(openmetrics.format_series(series)))
        self._folder.append(
            f"metrics/{self.region}/{self._pieces:04}.om", "".join(text) + openmetrics.END
        )
        self._pieces += 1
        self._until = end


def _after(series: dict[str, Any], at: float) -> dict[str, Any]:
    """Without samples of the piece before: a range may hold its own beginning."""
    return {**series, "values": [value for value in series["values"] if value[0] > at]}


async def _ask(session: aiohttp.ClientSession, url: str, query: dict[str, str]) -> Any:
    try:
        async with session.get(url, params=query, timeout=_DEADLINE) as answer:
            content = await answer.json()
            return content["data"]
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError, TypeError) as error:
        raise MetricsUnread(f"{type(error).__name__}") from error
