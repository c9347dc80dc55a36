"""Threads for SDKs that block: each endpoint has its own few, and holds up no other."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from infctl.errors import Unreachable

T = TypeVar("T")

THREADS = 8


class Bulkhead:
    """A pool of threads for one endpoint; `call` ends at its deadline whatever the thread does."""

    def __init__(self, endpoint: str, threads: int = THREADS) -> None:
        self.endpoint = endpoint
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="infctl-client")

    async def call(self, work: Callable[[], T], deadline: float) -> T:
        """Run `work` in a thread; Unreachable where it does not end within `deadline` seconds."""
        future = asyncio.get_running_loop().run_in_executor(self._pool, work)
        try:
            return await asyncio.wait_for(future, deadline)
        except TimeoutError:
            raise Unreachable(f"{self.endpoint}: no answer within {deadline:g} s") from None

    def close(self) -> None:
        """Give the threads back; one that still waits ends by its own socket's deadline."""
        self._pool.shutdown(wait=False, cancel_futures=True)
