"""What lives beside a run's machine, and what ends it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from typing import Any, Protocol, TypeVar

_LEASE_POLL = 0.5
T = TypeVar("T")


class Checked(Protocol):
    """The lock as far as a wait needs it."""

    def check(self) -> None:
        """LeaseLost where another holder may have taken over."""


@contextlib.asynccontextmanager
async def beside(*running: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Tasks that live as long as the block."""
    tasks = [asyncio.create_task(each) for each in running]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def while_held(running: Coroutine[Any, Any, T], lock: Checked) -> T:
    """What it returns, or LeaseLost as soon as the lease is, also while its steps only wait."""
    task = asyncio.create_task(running)
    try:
        while not task.done():
            lock.check()
            await asyncio.wait({task}, timeout=_LEASE_POLL)
        return task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
