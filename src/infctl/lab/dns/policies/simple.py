"""Simple routing: one set, all of its values, healthy or not."""

from collections.abc import Sequence

from infctl.lab.dns.policies.circumstances import Circumstances
from infctl.lab.dns.records import RecordSet


def choose_simple(
    sets: Sequence[RecordSet],
    circumstances: Circumstances,  # noqa: ARG001
) -> Sequence[RecordSet]:
    """The set that there is."""
    return sets[:1]
