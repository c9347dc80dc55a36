"""Whether a run's executor on this machine is heard: it touches its lock's file every second.

Who holds the file lock is alive; whether it does anything is another question. A process that was
stopped, or hangs, keeps its locks and answers nobody.
"""

import asyncio
import os
import re
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from infctl.executor.folders import Lock, run_lock

SILENT = 10.0
"""Seconds after which an executor is not taken for running: its lease's deadline has passed too."""
BEAT = 1.0
_HOLDER = re.compile(r"(\d{1,10})@(\S{1,253}) (\d{1,20})")


@dataclass(frozen=True, slots=True)
class Executor:
    """What is known of the process that has a run.

    `pid` is 0 where it is not certainly a process of this machine, `unheard` the seconds since it
    was heard, None where it leaves no word of that kind.
    """

    pid: int = 0
    unheard: float | None = None

    @property
    def name(self) -> str:
        """Who it is, in half a sentence."""
        return f"its executor (pid {self.pid} on this host)" if self.pid else "its executor"

    @property
    def is_silent(self) -> bool:
        """Whether nothing was heard of it for too long."""
        return self.unheard is not None and self.unheard >= SILENT

    def silence(self, every: float = 1.0) -> str:
        """For how long nothing was heard, counted in steps of `every` seconds."""
        return f"{self.name} was not heard for {(self.unheard or 0.0) // every * every:.0f} s"

    def doubt(self, every: float) -> str:
        """Its silence, and what ends it, for whoever only watches."""
        return self.silence(every) + (f": kill -9 {self.pid} ends it" if self.pid else "")

    def way_on(self, command: str) -> str:
        """The commands that end it and go on; the second alone where it may not be ours to end."""
        return f"kill -9 {self.pid}, then {command}" if self.pid else command


def identity() -> str:
    """This process as a lock's file names it: pid, host, and when it started."""
    from infctl.clients import processes

    found = processes.find(os.getpid())
    return f"{os.getpid()}@{socket.gethostname()} {found.started if found else 0}"


def executor_of(folder: Path) -> Executor | None:
    """The executor of a run; None where it has none."""
    lock = run_lock(folder)
    found = lock.holder()
    if not found:
        return None
    named = _HOLDER.fullmatch(found)
    if named is None:
        return Executor()
    touched = lock.touched()
    unheard = None if touched is None else max(0.0, time.time() - touched)
    return Executor(_own_pid(named), unheard)


def _own_pid(named: "re.Match[str]") -> int:
    """The pid, where this machine's process of that pid is the very one that wrote it."""
    from infctl.clients import processes

    pid, host, started = int(named[1]), named[2], int(named[3])
    is_it = host == socket.gethostname() and processes.find(pid) == processes.Process(pid, started)
    return pid if is_it else 0


async def keep_beating(lock: Lock) -> None:
    """Be heard until cancelled; an event loop that hangs is silent."""
    while True:
        lock.touch()
        await asyncio.sleep(BEAT)
