"""Threads for SDKs that block: bounded, ended by the deadline, never in the way of an exit."""

import asyncio
import subprocess
import sys
import threading
import time

import pytest

from infctl.clients.bulkhead import Bulkhead
from infctl.errors import Unreachable

EXITING = """
import asyncio, time
from infctl.clients.bulkhead import Bulkhead
async def main():
    try:
        await Bulkhead("slow").call(lambda: time.sleep(60), 0.1)
    except Exception as error:
        print(error)
asyncio.run(main())
"""


async def test_results_and_errors_come_back() -> None:
    bulkhead = Bulkhead("here")
    assert await bulkhead.call(lambda: 42, 5) == 42
    with pytest.raises(ZeroDivisionError):
        await bulkhead.call(lambda: 1 / 0, 5)


async def test_a_call_ends_at_its_deadline_and_the_next_one_has_a_place() -> None:
    stop = threading.Event()
    bulkhead = Bulkhead("here", threads=2)
    with pytest.raises(Unreachable, match="here: no answer within"):
        await bulkhead.call(lambda: stop.wait(30), 0.05)
    assert await bulkhead.call(lambda: 1, 5) == 1
    stop.set()


async def test_where_every_place_is_taken_a_call_waits_and_ends_at_its_deadline() -> None:
    stop = threading.Event()
    bulkhead = Bulkhead("here", threads=1)
    first = asyncio.create_task(bulkhead.call(lambda: stop.wait(30), 30))
    await asyncio.sleep(0)
    with pytest.raises(Unreachable):
        await bulkhead.call(lambda: 1, 0.05)
    stop.set()
    assert await first is True
    assert await bulkhead.call(lambda: 1, 5) == 1


def test_a_thread_that_hangs_does_not_hold_up_the_end_of_the_process() -> None:
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", EXITING], capture_output=True, text=True, timeout=30
    )
    assert "no answer within 0.1 s" in done.stdout
    assert time.monotonic() - started < 20
