"""What a policy may go by besides the record sets themselves."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from infctl.lab.dns.places import Place
from infctl.lab.dns.records import RecordSet


class UnknownPolicy(Exception):
    """Record sets that cannot be chosen from here: which of them would answer is not known."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Which sets are healthy, the dice, and where the client is, as far as that is known."""

    healthy: Callable[[RecordSet], bool]
    chance: Random
    place: Place | None = None
