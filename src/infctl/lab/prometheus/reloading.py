"""Asks Prometheus to read its configuration again, until it did."""

import asyncio
import logging
from collections.abc import Callable

import aiohttp

_DEADLINE = aiohttp.ClientTimeout(total=20, sock_connect=2)
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 5.0
_OK = 300
_log = logging.getLogger(__name__)


class Reloader:
    """One Prometheus by its address. A dead one reads the newest configuration when it starts."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/-/reload"
        self._wanted = asyncio.Event()
        self._afterwards: Callable[[], None] = lambda: None

    def want(self, afterwards: Callable[[], None]) -> None:
        """Reload soon, and then run `afterwards`, unless a newer wish overtakes this one."""
        self._afterwards = afterwards
        self._wanted.set()

    async def run(self) -> None:
        """Reload as often as it is wanted, for ever."""
        pause, told = _FIRST_PAUSE, ""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            afterwards = self._afterwards
            if reason := await self._reload():
                if reason != told:
                    _log.warning("Prometheus did not read its configuration: %s", reason)
                told = reason
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
                self._wanted.set()
                continue
            pause, told = _FIRST_PAUSE, ""
            if not self._wanted.is_set():
                afterwards()

    async def _reload(self) -> str:
        try:
            async with (
                aiohttp.ClientSession(timeout=_DEADLINE) as session,
                session.post(self._url) as answer,
            ):
                return "" if answer.status < _OK else (await answer.text())[:300]
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return f"{type(error).__name__}: {error}"
