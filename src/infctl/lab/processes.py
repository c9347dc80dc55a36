"""Processes by pid and kernel start time, so that a pid used again is never mistaken.

A record is written before anything else is done with a process, and read by whoever cleans up
after a supervisor that was killed. Nothing is ever found by its name.
"""

import json
import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Process:
    """A process: its pid, and its start in clock ticks since the machine's boot."""

    pid: int
    started: int


def find(pid: int) -> Process | None:
    """The process that has this pid now; None if there is none, or only its zombie."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The command's name stands in brackets and may itself hold brackets and spaces.
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else Process(pid, int(fields[19]))


def is_alive(process: Process) -> bool:
    """Whether that very process still runs (a stopped one does)."""
    return find(process.pid) == process


def send(process: Process, number: int) -> bool:
    """Signal that very process; False if it is gone."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return False
    try:
        if not is_alive(process):
            return False
        signal.pidfd_send_signal(descriptor, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(descriptor)
    return True


def send_group(process: Process, number: int) -> bool:
    """Signal that very process, with the group that it leads if it leads one."""
    if is_alive(process) and _leads_group(process):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
            return True
    return send(process, number)


def kill(processes: Iterable[Process], timeout: float = 2.0) -> list[Process]:
    """SIGKILL them, with the groups that they lead, and wait; returns those that remain."""
    remaining = [p for p in processes if is_alive(p)]
    for process in remaining:
        send_group(process, signal.SIGKILL)
    end = time.monotonic() + timeout
    while remaining and time.monotonic() < end:
        remaining = [p for p in remaining if is_alive(p)]
        time.sleep(_POLL_SECONDS if remaining else 0)
    return remaining


def resident_bytes(pid: int) -> int:
    """Resident memory of a process in bytes; 0 if it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def proportional_bytes(pid: int) -> int:
    """Memory of a process in bytes, shared pages by their share; 0 if it cannot be read."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def _leads_group(process: Process) -> bool:
    try:
        return os.getpgid(process.pid) == process.pid
    except ProcessLookupError:
        return False


class Register:
    """The processes of a lab on disk, `{boot, processes: {name: {pid, started}}}`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, Process] = {}

    def add(self, name: str, process: Process) -> None:
        """Record a process; on return it is on disk."""
        self._known[name] = process
        self._write()

    def remove(self, name: str) -> None:
        """Forget a process that is gone."""
        if self._known.pop(name, None):
            self._write()

    def _write(self) -> None:
        known = {name: {"pid": p.pid, "started": p.started} for name, p in self._known.items()}
        text = json.dumps({"boot": _BOOT.read_text().strip(), "processes": known})
        temporary = self._path.with_suffix(".new")
        temporary.write_text(text)
        temporary.replace(self._path)


def read_register(path: Path) -> dict[str, Process]:
    """What a register holds by name; empty if it is missing, torn or from before a reboot."""
    try:
        plain = json.loads(path.read_text())
        if plain["boot"] != _BOOT.read_text().strip():
            return {}
        return {
            name: Process(int(entry["pid"]), int(entry["started"]))
            for name, entry in plain["processes"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
