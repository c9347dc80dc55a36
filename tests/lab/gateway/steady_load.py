"""Requests at a steady pace over connections that are kept, each with who answered and when."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import NamedTuple

import aiohttp


class Seen(NamedTuple):
    """One request: when it began, its status (0 where there was no answer), and who answered."""

    began: float
    status: int
    backend: str


class SteadyLoad:
    """Sends `rate` requests a second, whatever becomes of the former ones, until it is ended."""

    def __init__(self, url: str, host: str, rate: float) -> None:
        self.seen: list[Seen] = []
        self._url = url
        self._host = host
        self._pause = 1 / rate
        self._ended = False

    def run(self) -> None:
        """Until `end`, in the caller's thread."""
        asyncio.run(self._run())

    def end(self) -> None:
        """No further request."""
        self._ended = True

    async def _run(self) -> None:
        connector = aiohttp.TCPConnector(limit=64)
        limit = aiohttp.ClientTimeout(total=5)
        async with (
            aiohttp.ClientSession(connector=connector, timeout=limit) as session,
            asyncio.TaskGroup() as tasks,
        ):
            due = time.monotonic()
            while not self._ended:
                tasks.create_task(self._send(session))
                due += self._pause
                await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def _send(self, session: aiohttp.ClientSession) -> None:
        began = time.monotonic()
        try:
            async with session.get(self._url, headers={"Host": self._host}) as answer:
                await answer.read()
                seen = Seen(began, answer.status, answer.headers.get("x-backend", ""))
        except (aiohttp.ClientError, TimeoutError):
            seen = Seen(began, 0, "")
        self.seen.append(seen)


@contextmanager
def steady(url: str, host: str, rate: float) -> Iterator[SteadyLoad]:
    """Load in a thread of its own until the end of the block."""
    load = SteadyLoad(url, host, rate)
    thread = Thread(target=load.run, daemon=True)
    thread.start()
    try:
        yield load
    finally:
        load.end()
        thread.join(15)
