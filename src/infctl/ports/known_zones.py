"""What is remembered of a hosted zone, for the day on which its control plane does not answer."""

from typing import Protocol

from infctl.model.measured import Measured
from infctl.ports.cloud import CloudState


class KnownZones(Protocol):
    """The last state of each zone that was read whole; never a substitute for a fresh answer."""

    async def keep(self, zone: str, state: CloudState) -> None:
        """Remember what was read just now; never raises, since whoever reads goes on without."""

    async def recall(self, zone: str) -> Measured[CloudState]:
        """What was read last, with the time of that reading; no value, and why, where nothing is.

        What is older than seven days, or cannot be trusted, counts as nothing.
        """
