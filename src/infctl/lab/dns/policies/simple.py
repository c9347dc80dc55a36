"""Simple routing: one set, all of its values, healthy or not."""

from collections.abc import Callable, Sequence
from random import Random

from infctl.lab.dns.records import RecordSet


def choose_simple(
    sets: Sequence[RecordSet],
    healthy: Callable[[RecordSet], bool],  # noqa: ARG001
    chance: Random,  # noqa: ARG001
) -> Sequence[RecordSet]:
    """The set that there is."""
    return sets[:1]
