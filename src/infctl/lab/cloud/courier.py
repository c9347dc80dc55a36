"""What a region's front carries itself: copies to other regions' buckets, and SNS's notices.

It lives in the region's front, so a lost region sends nothing; and copies go through the front of
the destination's region, so a lost region gets nothing. Both wait in moto's process meanwhile.
"""

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

import aiohttp

_log = logging.getLogger(__name__)
_SLEEP_SECONDS: Final = 5.0
_RETRY_SECONDS: Final = 1.0
_SHORTEST_SECONDS: Final = 0.02
# A frozen region answers nobody; what it is sent it does when it goes on, once.
_TIMEOUT: Final = aiohttp.ClientTimeout(total=5, sock_connect=2)
_NOTICE_TIMEOUT: Final = aiohttp.ClientTimeout(total=5, sock_connect=2)
_SERVICES: Final = ("monitoring", "s3", "sns")
_ERRORS: Final = (aiohttp.ClientError, TimeoutError, OSError, ValueError)


class Courier:
    """`endpoints` are the regions' fronts by region; a region that has none is served by `moto`."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        moto: str,
        region: str,
        endpoints: Mapping[str, str],
    ) -> None:
        self._session = session
        self._moto = moto
        self._region = region
        self._endpoints = endpoints
        self._written = asyncio.Event()
        self._lost: set[str] = set()

    def note(self, service: str, method: str) -> None:
        """A request passed that may have left something to carry."""
        if service in _SERVICES and method not in ("GET", "HEAD"):
            self._written.set()

    async def run(self) -> None:
        """Carry until cancelled."""
        while True:
            self._written.clear()
            pause = await self._round()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._written.wait(), pause)

    async def _round(self) -> float:
        """Do what is due; seconds until there may be more."""
        try:
            url = f"{self._moto}/_infctl/work"
            async with self._session.get(
                url, params={"region": self._region}, timeout=_TIMEOUT
            ) as answer:
                work = await answer.json()
        except _ERRORS:
            return _RETRY_SECONDS
        ways: dict[str, list[int]] = defaultdict(list)
        for copy in work["copies"]:
            ways[copy["region"]].append(copy["number"])
        done = await asyncio.gather(
            *(self._copy(region, numbers) for region, numbers in ways.items()),
            *(self._send(notice) for notice in work["notices"]),
        )
        if not all(done):
            return _RETRY_SECONDS
        if done:
            return _SHORTEST_SECONDS
        return min(max(work["next"] or _SLEEP_SECONDS, _SHORTEST_SECONDS), _SLEEP_SECONDS)

    async def _copy(self, region: str, numbers: Sequence[int]) -> bool:
        url = f"{self._endpoints.get(region, self._moto)}/_infctl/copies"
        try:
            async with self._session.post(
                url, params={"region": region}, json={"copies": numbers}, timeout=_TIMEOUT
            ) as answer:
                made = answer.ok
        except _ERRORS:
            made = False
        self._say(region, made)
        return made

    def _say(self, region: str, made: bool) -> None:
        """Once when a region is lost, and once when it is back."""
        if made and region in self._lost:
            self._lost.remove(region)
            _log.info("copies reach %s again", region)
        elif not made and region not in self._lost:
            self._lost.add(region)
            _log.warning("copies do not reach %s; they wait", region)

    async def _send(self, notice: Mapping[str, Any]) -> bool:
        ended = ""
        try:
            async with self._session.post(
                notice["endpoint"],
                data=notice["body"].encode(),
                headers=notice["headers"],
                timeout=_NOTICE_TIMEOUT,
                allow_redirects=False,
            ) as answer:
                ended = "" if answer.ok else f"status {answer.status}"
        except _ERRORS as error:
            ended = type(error).__name__
        return await self._tell({"number": notice["number"], "ended": ended})

    async def _tell(self, ended: Mapping[str, Any]) -> bool:
        try:
            async with self._session.post(
                f"{self._moto}/_infctl/notices", json=ended, timeout=_TIMEOUT
            ) as answer:
                return answer.ok
        except _ERRORS:
            return False
