"""Processes of ours, known by pid and start time, so that a pid used again is never signalled."""

import asyncio
import os
import signal
from dataclasses import dataclass
from pathlib import Path

_STATE_COLUMN, _START_COLUMN = 0, 19
"""Counted after the command's closing bracket; proc(5), /proc/pid/stat."""


@dataclass(frozen=True, slots=True)
class Process:
    """A pid and its start time in clock ticks since boot."""

    pid: int
    started: int

    def is_alive(self) -> bool:
        """Whether it still runs."""
        return find(self.pid) == self

    def send(self, number: signal.Signals) -> None:
        """Signal it, if it is still the one that we know."""
        if self.is_alive():
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return


def find(pid: int) -> Process | None:
    """The process that has this pid now; None if there is none or it is dead already."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    columns = text[text.rindex(")") + 1 :].split()
    if columns[_STATE_COLUMN] in ("Z", "X"):
        return None
    return Process(pid, int(columns[_START_COLUMN]))


async def wait_gone(processes: list[Process], seconds: float) -> bool:
    """Whether all of them are gone within so many seconds."""
    deadline = asyncio.get_running_loop().time() + seconds
    while any(p.is_alive() for p in processes):
        if asyncio.get_running_loop().time() >= deadline:
            return False
        await asyncio.sleep(0.05)
    return True
