"""Remembered zones, in memory."""

from dataclasses import dataclass, field

from infctl.content.known_zone import OLDEST
from infctl.fakes.clock import FakeClock
from infctl.model.measured import Measured, unknown
from infctl.ports.clock import Clock
from infctl.ports.cloud import CloudState


@dataclass
class FakeKnownZones:
    """Keeps what it is told for seven days by its clock."""

    clock: Clock = field(default_factory=FakeClock)
    content: dict[str, tuple[CloudState, float]] = field(default_factory=dict)

    async def keep(self, zone: str, state: CloudState) -> None:
        """Remember it; a zone without records is none."""
        if state.records:
            self.content[zone] = state, self.clock.wall()

    async def recall(self, zone: str) -> Measured[CloudState]:
        """What was told last."""
        now = self.clock.wall()
        if zone not in self.content:
            return unknown("known state", now, "nothing is known of an earlier day")
        state, at = self.content[zone]
        if now - at > OLDEST:
            return unknown("known state", now, f"it is {(now - at) / 86_400:.0f} days old")
        return Measured(state, at, "known state")
