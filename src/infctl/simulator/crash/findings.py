"""What trials found, as data: how many were made, by what, and how to repeat what went wrong."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from infctl.errors import Exit
from infctl.simulator.crash.outside import Effect


@dataclass(frozen=True, slots=True)
class Finding:
    """One trial that went wrong: its name, which repeats it, the kind of wrong, and a sentence."""

    trial: str
    wrong: str
    what: str


@dataclass(slots=True)
class Tally:
    """One family of trials. `unreached` trials ended before their fault came: they count nothing.

    `in_doubt` counts images that infctl refuses to go on with by itself, which loses nothing.
    """

    family: str
    tried: int = 0
    by: "Counter[str]" = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    unreached: int = 0
    in_doubt: int = 0
    seconds: float = 0.0

    def add(self, kind: str, findings: Iterable[Finding] = ()) -> None:
        """Count one trial with what it found."""
        self.tried += 1
        self.by[kind] += 1
        self.findings.extend(findings)

    def count(self, wrong: str) -> int:
        """How many findings say this."""
        return sum(f.wrong == wrong for f in self.findings)


LOST = "lost"
DOUBLED = "doubled"
CORRUPT = "corrupt"
STUCK = "stuck"
UNPLANNED = "without intent"
WORDS = (LOST, DOUBLED, CORRUPT, STUCK, UNPLANNED)


def compare(trial: str, wanted: "Counter[Effect]", found: "Counter[Effect]") -> list[Finding]:
    """Effects that are missing are lost, those that are too many doubled."""
    lost = wanted - found
    doubled = found - wanted
    return [
        *(Finding(trial, LOST, _words(e, n)) for e, n in sorted(lost.items(), key=str)),
        *(Finding(trial, DOUBLED, _words(e, n)) for e, n in sorted(doubled.items(), key=str)),
    ]


def _words(effect: Effect, number: int) -> str:
    what, target, value = effect
    return f"{what} {target}{'' if value is None else f' = {value}'}, {number}x"


def exit_of(tallies: Iterable[Tally]) -> Exit:
    """3 where anything went wrong, 6 where a family tried nothing, 0 otherwise."""
    everything = list(tallies)
    if any(t.findings for t in everything):
        return Exit.MEASURED_BAD
    if not everything or any(not t.tried for t in everything):
        return Exit.UNDECIDED
    return Exit.DONE
