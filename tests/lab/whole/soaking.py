"""Faults drawn by seed, and what a lab's processes hold of this machine."""

import random
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infctl.lab import processes
from infctl.lab.addresses import FIRST_POD
from infctl.lab.client import ask

SHORTEST, LONGEST = 2.0, 15.0
_LISTENS = "0A"
KEPT = frozenset({"moto"})
"""It keeps all in memory: killing it loses the platform, which no fault heals."""


@dataclass(frozen=True)
class Kind:
    """A kind of fault: its parameters, and what it strikes: {region}, {other}, {part}."""

    targets: tuple[str, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)


_STOPS = Kind(
    (
        "part/{part}",
        "part/{part}",
        "part/{part}",
        "region/{region}",
        "node/{region}/{region}-node-1",
    )
)
_EDGES = ("region/{region}", "edge/{region}", "between/{region}/{other}")
KINDS: Mapping[str, Kind] = {
    "kill": _STOPS,
    "freeze": _STOPS,
    "refuse": Kind(_EDGES),
    "swallow": Kind(_EDGES),
    "slow": Kind(_EDGES, {"latency_ms": 300, "jitter_ms": 100}),
    "lossy": Kind(_EDGES, {"percent": 20}),
    "limit": Kind(_EDGES, {"bytes_per_second": 100_000}),
    "half_open": Kind(_EDGES),
    "overload": Kind(("region/{region}",)),
    "forget": Kind(("region/{region}",)),
}


@dataclass(frozen=True)
class Drawn:
    """A fault to come: for how long, and whether we heal it or its lease ends."""

    kind: str
    target: str
    seconds: float
    is_healed: bool

    def body(self) -> dict[str, Any]:
        """As the admin API takes it; one that we heal has some lease to spare."""
        ttl = self.seconds + 20 * self.is_healed
        return {"kind": self.kind, "target": self.target, "ttl": ttl, **KINDS[self.kind].parameters}


def draw(seed: str, parts: Collection[str], regions: Sequence[str]) -> Iterator[Drawn]:
    """Faults without end, each kind as often as the others."""
    chance = random.Random(seed)
    names = sorted(set(parts) - KEPT)
    while True:
        kind = chance.choice(sorted(KINDS))
        region, other = chance.sample(sorted(regions), 2)
        form = chance.choice(KINDS[kind].targets)
        target = form.format(region=region, other=other, part=chance.choice(names))
        yield Drawn(kind, target, chance.uniform(SHORTEST, LONGEST), chance.random() < 0.5)


@dataclass(frozen=True)
class Use:
    """What one process holds: bytes, open files, inotify instances, threads."""

    rss: int
    files: int
    inotify: int
    threads: int


@dataclass(frozen=True)
class Uses:
    """What a lab holds: each part by name, and all of it together."""

    parts: dict[str, Use]
    processes: int
    ports: Counter[str]

    @property
    def inotify(self) -> int:
        """The instances of all parts."""
        return sum(use.inotify for use in self.parts.values())


def measure(state: Path, number: int) -> Uses:
    """Now; `number` is the lab's, by which its ports are told from others'."""
    status = ask(state / "admin.sock", "GET", "/status")
    pids = {part["name"]: part["pid"] for part in status["parts"] if part["pid"]}
    pids["supervisor"] = status["supervisor"]["pid"]
    return Uses({n: use_of(pid) for n, pid in pids.items()}, len(of_lab(state)), ports_of(number))


def use_of(pid: int) -> Use:
    """What a process holds now."""
    links = [_target(link) for link in Path(f"/proc/{pid}/fd").iterdir()]
    threads = len(list(Path(f"/proc/{pid}/task").iterdir()))
    return Use(
        processes.resident_bytes(pid), len(links), links.count("anon_inode:inotify"), threads
    )


def of_lab(state: Path) -> list[int]:
    """The pids of all processes that work in a lab's folder or were told of it."""
    return [int(path.name) for path in Path("/proc").glob("[0-9]*") if _is_of(path, state)]


def _is_of(path: Path, state: Path) -> bool:
    try:
        return str(state) in f"{_target(path / 'cwd')} {(path / 'cmdline').read_text()}"
    except (OSError, UnicodeDecodeError):
        return False


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""


def ports_of(number: int) -> Counter[str]:
    """The sockets of the lab's addresses that listen; pods are one, whatever address they have."""
    # The kernel writes the address as one number of the machine's own order; proc(5).
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    columns = [line.split() for line in lines]
    mine = [c[1] for c in columns if c[3] == _LISTENS and c[1][4:8] == f"{number:02X}7F"]
    return Counter(_place(int(a[2:4], 16), int(a[0:2], 16), int(a[9:], 16)) for a in mine)


def _place(region: int, last: int, port: int) -> str:
    return f"{region}.pod:{port}" if region and last >= FIRST_POD else f"{region}.{last}:{port}"


def grown(first: Uses, last: Uses) -> list[str]:
    """What leaked, in sentences: memory beyond its noise, files, watches, processes, ports."""
    found = []
    for name, before in sorted(first.parts.items()):
        after = last.parts.get(name)
        if after is None:
            found.append(f"{name} is gone")
            continue
        # Collectors of garbage breathe: half as much again, and 64 MB, is no leak of minutes.
        if after.rss > before.rss * 1.5 + (64 << 20):
            found.append(f"{name}: {before.rss >> 20} MB, then {after.rss >> 20} MB")
        if after.files > before.files * 1.25 + 16:
            found.append(f"{name}: {before.files} open files, then {after.files}")
        if after.threads > before.threads * 1.5 + 16:
            found.append(f"{name}: {before.threads} threads, then {after.threads}")
    if last.inotify > first.inotify + 4:
        found.append(f"{first.inotify} inotify instances, then {last.inotify}")
    if last.processes > first.processes:
        found.append(f"{first.processes} processes, then {last.processes}")
    if more := last.ports - first.ports:
        found.append(f"ports more than before: {', '.join(sorted(more.elements()))}")
    return found


def figures(first: Uses, last: Uses) -> str:
    """A line for each part, and one for all."""
    lines = [f"{'part':32}{'MB':>11}{'files':>11}{'inotify':>9}{'threads':>11}"]
    for name, before in sorted(first.parts.items()):
        after = last.parts.get(name, Use(0, 0, 0, 0))
        lines.append(
            f"{name:32}{before.rss >> 20:>5}>{after.rss >> 20:<5}{before.files:>5}>{after.files:<5}"
            f"{before.inotify:>4}>{after.inotify:<4}{before.threads:>5}>{after.threads:<5}"
        )
    lines.append(
        f"processes {first.processes}>{last.processes},"
        f" ports {first.ports.total()}>{last.ports.total()},"
        f" inotify {first.inotify}>{last.inotify}"
    )
    return "\n".join(lines)
