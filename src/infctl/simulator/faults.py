"""What goes wrong in a simulated run: data, drawn before it, so that it can be left out again."""

from dataclasses import dataclass

FAULTS: dict[str, str] = {
    "kill": "the executor is killed, at a request or around a write",
    "disk_full": "the disk is full for a while",
    "io_error": "one write to the disk fails",
    "slow_disk": "one write takes seconds",
    "bit_flip": "one bit of the journal turns while its executor is gone",
    "request_lost": "a request never arrives",
    "reply_lost": "a request is carried out, and its answer is lost",
    "late_request": "a request is carried out long after its sender gave up",
    "slow_reply": "an answer takes seconds",
    "partition": "a region cannot be reached",
    "partition_all": "no region can be reached",
    "api_restart": "a region's servers restart",
    "meddling": "somebody else scales what a run changes, too",
    "slow_rollout": "what was accepted becomes true only much later",
    "wall_step": "the wall clock steps by an hour",
    "suspend": "the executor's machine sleeps for a minute",
    "fast_clock": "the second machine's clock runs 1.4 times as fast",
    "rival": "another engineer starts a run of the same environment",
    "colleague": "another machine takes the run over; its own is gone, frozen, cut off or alive",
    "freeze": "somebody stops everything, and lifts that later",
    "guard_bug": "a guard raises instead of judging",
}
"""Every kind of fault by name, with its sentence."""

REQUESTS = frozenset({"request_lost", "reply_lost", "late_request", "slow_reply"})
"""Faults of the next request that changes something."""
WRITES = frozenset({"disk_full", "io_error", "slow_disk"})
"""Faults of the next write to the journal."""
BEFOREHAND = frozenset({"fast_clock", "rival", "guard_bug"})
"""Faults that are there from the beginning."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Strikes at the `moment`-th request or write of an executor, for `seconds`.

    `region` is where; `phase` (0..3) says how far a write comes when its process is killed.
    """

    kind: str
    moment: int
    region: str = ""
    seconds: float = 0.0
    phase: int = 0

    def __str__(self) -> str:
        where = f" in {self.region}" if self.region and self.kind in _PLACED else ""
        if self.kind == "colleague":
            where = f", the machine {_FATES[self.phase]},"
        lasts = f" for {self.seconds:.0f} s" if self.kind in _LASTING else ""
        when = "" if self.kind in BEFOREHAND else f" at moment {self.moment}"
        return f"{self.kind}{where}{when}{lasts}"


_FATES = ("gone", "frozen", "cut off", "alive")
"""What becomes of the machine that a colleague takes a run over from, by phase."""
_PLACED = frozenset({"partition", "api_restart", "slow_rollout"})
_LASTING = frozenset(
    {"partition", "partition_all", "disk_full", "slow_rollout", "suspend", "freeze", "slow_disk"}
)
