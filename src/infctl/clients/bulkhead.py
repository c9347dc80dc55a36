"""Threads for SDKs that block: each endpoint has its own few, so a slow one holds up no other."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from infctl.errors import Unreachable

T = TypeVar("T")

THREADS = 8


class Bulkhead:
    """A few threads for one endpoint; `call` ends at its deadline whatever the thread does.

    They are daemons: a pool's would hold up the end of the process for as long as a server drips.
    """

    def __init__(self, endpoint: str, threads: int = THREADS) -> None:
        self.endpoint = endpoint
        self._places = asyncio.Semaphore(threads)

    async def call(self, work: Callable[[], T], deadline: float) -> T:
        """Run `work` in a thread; Unreachable where it does not end within `deadline` seconds."""
        try:
            async with asyncio.timeout(deadline):
                await self._places.acquire()
                return await self._start(work)
        except TimeoutError:
            raise Unreachable(f"{self.endpoint}: no answer within {deadline:g} s") from None

    def _start(self, work: Callable[[], T]) -> "asyncio.Future[T]":
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def finish(settle: Callable[[Any], None], outcome: Any) -> None:
            self._places.release()
            if not future.done():
                settle(outcome)

        def run() -> None:
            try:
                outcome: tuple[Callable[[Any], None], Any] = (future.set_result, work())
            except BaseException as error:
                outcome = (future.set_exception, error)
            # Nobody waits any more where the loop is closed.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(finish, *outcome)

        threading.Thread(target=run, daemon=True, name="infctl-client").start()
        return future
