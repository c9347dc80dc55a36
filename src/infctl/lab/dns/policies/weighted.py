"""Weighted routing: one of the healthy sets, by its share of their weights.

Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-weighted.html
"""

from collections.abc import Sequence

from infctl.lab.dns.policies.circumstances import Circumstances
from infctl.lab.dns.records import RecordSet


def choose_weighted(sets: Sequence[RecordSet], circumstances: Circumstances) -> Sequence[RecordSet]:
    """One set: healthy ones of weight > 0, else healthy ones of weight 0, else as if all were."""
    alive = [item for item in sets if circumstances.healthy(item)] or list(sets)
    weights = [item.weight for item in alive]
    if not any(weights):
        weights = [1] * len(alive)
    return circumstances.chance.choices(alive, weights)
