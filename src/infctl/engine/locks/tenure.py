"""What a holder knows of its own tenure: where its record stands, and until when it may act."""

from collections.abc import Collection
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Who:
    """Who asks for the lock: a person, on a host, in a process, for a run."""

    holder: str
    host: str
    pid: int
    run: str


@dataclass
class Tenure:
    """Counts renewals by place.

    `needed` is how many of `places` must have been renewed within `renew_deadline` seconds. A
    renewal counts from before it was sent, and only where its answer came.
    """

    places: tuple[str, ...]
    needed: int
    renew_deadline: float
    versions: dict[str, str] = field(default_factory=dict)
    renewed: dict[str, float] = field(default_factory=dict)
    overtaken: set[str] = field(default_factory=set)
    lost: str = ""

    def confirm(self, site: str, version: str, sent: float) -> None:
        """A place took our record, which was sent at that moment of our clock."""
        self.versions[site] = version
        self.renewed[site] = sent
        self.overtaken.discard(site)

    def doubt(self, site: str) -> None:
        """Nobody knows what a place holds now."""
        self.versions.pop(site, None)

    def overtake(self, site: str) -> None:
        """A place holds another's record; with too many of them there is no majority any more."""
        self.versions.pop(site, None)
        self.renewed.pop(site, None)
        self.overtaken.add(site)
        if len(self.places) - len(self.overtaken) < self.needed:
            self.lost = self.lost or f"another holder has {_list(self.overtaken)}"

    def until(self) -> float:
        """The moment of our clock from which nothing may be done any more."""
        if not self.needed:
            return float("inf")
        moments = sorted(self.renewed.values(), reverse=True)
        if len(moments) < self.needed:
            return float("-inf")
        return moments[self.needed - 1] + self.renew_deadline

    def look(self, now: float) -> str:
        """Why the lock is lost, or nothing; what was lost once stays lost."""
        if not self.lost and now >= self.until():
            moments = max(self.renewed.values(), default=now)
            self.lost = f"it was not renewed in time, last {max(0.0, now - moments):.1f} s ago"
        return self.lost


def _list(names: Collection[str]) -> str:
    return ", ".join(sorted(names))
