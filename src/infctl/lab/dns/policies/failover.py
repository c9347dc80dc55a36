"""Failover routing: the primary while it is healthy, else the secondary while that one is.

Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-configuring-options.html
(active-passive: when both are unhealthy, the primary answers).
"""

from collections.abc import Sequence

from infctl.lab.dns.policies.circumstances import Circumstances
from infctl.lab.dns.records import RecordSet


def choose_failover(sets: Sequence[RecordSet], circumstances: Circumstances) -> Sequence[RecordSet]:
    """One set, the primary before the secondary."""
    ordered = sorted(sets, key=lambda item: item.failover != "PRIMARY")
    alive = [item for item in ordered if circumstances.healthy(item)] or ordered
    return alive[:1]
