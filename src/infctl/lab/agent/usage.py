"""What the processes below a shim use of this machine, from the kernel's process table."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Entry:
    """A process: its CPU seconds, those of children that it waited for, its resident bytes."""

    pid: int
    parent: int
    started: int
    spent: float
    inherited: float
    resident: int


@dataclass(frozen=True, slots=True)
class Used:
    """CPU seconds since a container's start, and bytes of memory now."""

    cpu: float = 0.0
    memory: int = 0

    def __add__(self, other: "Used") -> "Used":
        return Used(self.cpu + other.cpu, self.memory + other.memory)


def read_table() -> dict[int, Entry]:
    """All processes by pid; those that end meanwhile are left out."""
    found = {}
    for folder in _PROC.iterdir():
        if folder.name.isdigit() and (entry := _read(folder)):
            found[entry.pid] = entry
    return found


def _read(folder: Path) -> Entry | None:
    try:
        text = (folder / "stat").read_text()
    except OSError:
        return None
    return read_entry(text)


def read_entry(text: str) -> Entry:
    """A line of the kernel's: a command's name stands in brackets and may itself hold some."""
    pid, _, rest = text.partition(" ")
    fields = rest.rpartition(")")[2].split()
    ticks = [int(field) for field in fields[11:15]]
    return Entry(
        pid=int(pid),
        parent=int(fields[1]),
        started=int(fields[19]),
        spent=(ticks[0] + ticks[1]) / _TICKS,
        inherited=(ticks[2] + ticks[3]) / _TICKS,
        resident=int(fields[21]) * _PAGE,
    )


def sum_below(shims: list[int], table: Mapping[int, Entry]) -> dict[int, Used]:
    """What containers use: all that descends from their shims, but not the shims themselves.

    A shim adopts what loses its parent and waits for it, so nothing that has ended is lost.
    Memory is resident memory: pages that processes share count once for each of them.
    """
    children: dict[int, list[Entry]] = {}
    for entry in table.values():
        children.setdefault(entry.parent, []).append(entry)
    return {shim: _sum(shim, table, children) for shim in shims}


def _sum(shim: int, table: Mapping[int, Entry], children: Mapping[int, list[Entry]]) -> Used:
    own = table.get(shim)
    total = Used(own.inherited if own else 0.0)
    waiting = list(children.get(shim, ()))
    while waiting:
        entry = waiting.pop()
        total += Used(entry.spent + entry.inherited, entry.resident)
        waiting += children.get(entry.pid, ())
    return total
