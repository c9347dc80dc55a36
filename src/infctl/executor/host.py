"""How busy this machine is, from /proc/stat (proc(5): the first line sums all CPUs)."""

import time
from dataclasses import dataclass
from pathlib import Path

_STAT = Path("/proc/stat")
_IDLE = (3, 4)
"""The columns idle and iowait."""


@dataclass(frozen=True, slots=True)
class Cpu:
    """Jiffies since boot, idle and in all, at a moment in seconds since the epoch."""

    at: float
    idle: int
    total: int

    def busy_since(self, before: "Cpu") -> float | None:
        """The busy share (0..1) between two readings; None where no time passed."""
        total = self.total - before.total
        if total <= 0:
            return None
        return round(1 - (self.idle - before.idle) / total, 4)


def read_cpu() -> Cpu:
    """One reading."""
    first = _STAT.read_text().split("\n", 1)[0]
    return parse_cpu(first, time.time())


def parse_cpu(line: str, at: float) -> Cpu:
    """The line `cpu user nice system idle iowait irq softirq steal guest guest_nice`.

    Guest time is part of user time already.
    """
    columns = [int(word) for word in line.split()[1:9]]
    return Cpu(at, sum(columns[i] for i in _IDLE), sum(columns))
