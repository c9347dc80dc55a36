"""The accelerator model: a request holds a device slot for the service time, or waits for one.

Pods of the lab share the machine's cores, so CPU-bound pods would fake capacity. What a CPU sees
of an accelerator is time: a slot is taken, and comes back later.
"""

import asyncio
import math
from collections import deque
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


class Overloaded(Exception):
    """All slots are taken and as many requests wait as may."""


class Device:
    """The slots of a pod, common to its models; requests get them in the order of their coming."""

    def __init__(self, slots: int, service_time: float, queue_limit: int) -> None:
        self.slots = slots
        self.queue_limit = queue_limit
        self.busy = 0
        self.waiting = 0
        self.when_refused: Callable[[], None] = lambda: None
        self._service_time = service_time
        self._free = asyncio.Semaphore(slots)
        self._ends = deque([-math.inf] * slots)

    async def run(self, work: Callable[[], Result]) -> Result:
        """The result of `work`, once a slot was held for the service time."""
        loop = asyncio.get_running_loop()
        arrived = loop.time()
        await self._take()
        # A device turns to the next request when it is done with the last one, and not when this
        # process wakes up to hear of it; so lateness here never adds up to lost capacity.
        end = max(arrived, self._ends.popleft()) + self._service_time
        try:
            result = work()
            await asyncio.sleep(end - loop.time())
            return result
        finally:
            self.busy -= 1
            self._ends.append(end)
            self._free.release()

    async def _take(self) -> None:
        if self._free.locked() and self.waiting >= self.queue_limit:
            self.when_refused()
            raise Overloaded(f"{self.busy} requests run and {self.waiting} wait")
        self.waiting += 1
        try:
            await self._free.acquire()
        finally:
            self.waiting -= 1
        self.busy += 1
