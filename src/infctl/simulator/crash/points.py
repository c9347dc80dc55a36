"""Moments at which a victim is hurt: the n-th call of one system call, and what happens there."""

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

KILLED_AT = (
    "openat",
    "writev",
    "write",
    "pwrite64",
    "fdatasync",
    "fsync",
    "ftruncate",
    "fallocate",
    "rename",
    "unlink",
    "chmod",
)
"""writev is an act outside, the others are the journal's and the interpreter's."""
FAILING = ("pwrite64", "fdatasync", "fsync", "ftruncate", "fallocate")
ERRORS = ("ENOSPC", "EIO")


@dataclass(frozen=True, slots=True)
class Point:
    """One moment: `harm` is KILL or the error that the call and all after it return."""

    call: str
    number: int
    harm: str = "KILL"

    @property
    def name(self) -> str:
        """What repeats it, as kill/fdatasync/17 or enospc/fsync/3."""
        return f"{self.harm.lower()}/{self.call}/{self.number}"

    def tracing(self) -> list[str]:
        """The words for strace."""
        when = f"when={self.number}" if self.harm == "KILL" else f"when={self.number}+"
        what = "signal=KILL" if self.harm == "KILL" else f"error={self.harm}"
        calls = [f"trace={self.call}", f"inject={self.call}:{what}:{when}"]
        return ["-o", "/dev/null", "-e", calls[0], "-e", calls[1]]


def kill_points(counts: Mapping[str, int]) -> list[Point]:
    """Right before every call that a whole run makes."""
    return [Point(call, n) for call, most in counts.items() for n in range(1, most + 1)]


def failures(counts: Mapping[str, int]) -> list[Point]:
    """From every writing call on, a disk that is full, and one that is broken."""
    return [
        Point(call, n, error)
        for call, most in counts.items()
        if call in FAILING
        for n in range(1, most + 1)
        for error in ERRORS
    ]


def sample(points: Sequence[Point], wanted: int, seed: int) -> list[Point]:
    """So many of them by seed, every system call in turn so that rare ones are among them."""
    chance = random.Random(f"points/{seed}")  # noqa: S311 - repeatable, no secret
    piles: dict[tuple[str, str], list[Point]] = defaultdict(list)
    for point in points:
        piles[(point.call, point.harm)].append(point)
    for pile in piles.values():
        chance.shuffle(pile)
    return list(_in_turn(list(piles.values())))[:wanted]


def _in_turn(piles: Sequence[list[Point]]) -> Iterable[Point]:
    longest = max((len(pile) for pile in piles), default=0)
    for row in range(longest):
        yield from (pile[row] for pile in piles if row < len(pile))
