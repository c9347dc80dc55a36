"""Failover routing: the primary while it is healthy, else the secondary while that one is.

Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-configuring-options.html
(active-passive: when both are unhealthy, the primary answers).
"""

from collections.abc import Callable, Sequence
from random import Random

from infctl.lab.dns.records import RecordSet


def choose_failover(
    sets: Sequence[RecordSet],
    healthy: Callable[[RecordSet], bool],
    chance: Random,  # noqa: ARG001
) -> Sequence[RecordSet]:
    """One set, the primary before the secondary."""
    ordered = sorted(sets, key=lambda item: item.failover != "PRIMARY")
    alive = [item for item in ordered if healthy(item)] or ordered
    return alive[:1]
