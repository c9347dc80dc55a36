"""How one of several record sets of a name is chosen: one routing policy a file, all pure.

A policy gets the sets of one name and type, and whether each is healthy, and returns those whose
values are the answer. When none is healthy all are (fail open). Source:
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-how-route-53-chooses-records.html
"""

from collections.abc import Callable, Mapping, Sequence
from random import Random

from infctl.lab.dns.policies.failover import choose_failover
from infctl.lab.dns.policies.multivalue import choose_multivalue
from infctl.lab.dns.policies.simple import choose_simple
from infctl.lab.dns.policies.weighted import choose_weighted
from infctl.lab.dns.records import RecordSet

Healthy = Callable[[RecordSet], bool]
Policy = Callable[[Sequence[RecordSet], Healthy, Random], Sequence[RecordSet]]

POLICIES: Mapping[str, Policy] = {
    "simple": choose_simple,
    "weighted": choose_weighted,
    "failover": choose_failover,
    "multivalue": choose_multivalue,
}


class UnknownPolicy(Exception):
    """Record sets whose policy is not served here."""


def choose(sets: Sequence[RecordSet], healthy: Healthy, chance: Random) -> Sequence[RecordSet]:
    """The record sets that answer; UnknownPolicy where we cannot tell."""
    policy = POLICIES.get(sets[0].policy)
    if policy is None:
        raise UnknownPolicy(sets[0].policy)
    return policy(sets, healthy, chance)
