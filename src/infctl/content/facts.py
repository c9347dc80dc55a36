"""The facts that plans and guards are made from: the platform file and one picture of the world."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from infctl.errors import Unmeasured
from infctl.model.measured import Measured
from infctl.model.snapshot import RegionSnapshot, Snapshot
from infctl.platform import Platform


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known when a plan is made.

    `addresses` are the regions' gateways as the zone's records hold them; `unfinished` are the runs
    of this environment that have not ended, with a sentence about each. `unread` says why the
    addresses could not be read, `carried` of when and why they are, where they are those of an
    earlier day; both are empty where they were read now.

    `frozen` says who stopped all changes and why, or nothing; `freezes_unread` is whether no
    cluster could be asked for that, `runs_unread` why none could be asked for unfinished runs.
    `budget` is the share of the error budget that is left (1 all of it, 0 or less none), None where
    it was not asked. `rights` are the API servers' answers for each permission that the plan needs:
    empty where granted, else why not; None where they were not asked.
    """

    platform: Platform
    snapshot: Snapshot
    addresses: Mapping[str, str] = field(default_factory=dict)
    unfinished: Mapping[str, str] = field(default_factory=dict)
    unread: str = ""
    frozen: str = ""
    budget: Measured[float] | None = None
    rights: Mapping[Any, str] | None = None
    carried: str = ""
    freezes_unread: bool = False
    runs_unread: str = ""

    def address(self, region: str) -> str:
        """The gateway that the region's record gives; Unmeasured where that is not known."""
        if region in self.addresses:
            return self.addresses[region]
        if self.unread:
            raise Unmeasured(f"the records were not read: {self.unread}", hint="infctl status")
        raise Unmeasured(
            f"the name service has no record of {region}", hint="infctl deploy apply, then again"
        )

    def region(self, name: str) -> RegionSnapshot:
        """The region as it was read; KeyError if it was not."""
        found = self.snapshot.region(name)
        if found is None:
            raise KeyError(name)
        return found

    def serving(self) -> tuple[str, ...]:
        """The regions that are in the answers, as far as is known."""
        return tuple(r.name for r in self.snapshot.regions if r.dns_healthy.value)
