"""Multivalue answers: up to eight healthy sets at random; when none is healthy, any eight.

Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-multivalue.html
"""

from collections.abc import Sequence

from infctl.lab.dns.policies.circumstances import Circumstances
from infctl.lab.dns.records import RecordSet

MOST = 8


def choose_multivalue(
    sets: Sequence[RecordSet], circumstances: Circumstances
) -> Sequence[RecordSet]:
    """Up to eight sets in random order."""
    alive = [item for item in sets if circumstances.healthy(item)] or list(sets)
    return circumstances.chance.sample(alive, min(MOST, len(alive)))
