"""How one of several record sets of a name is chosen: one routing policy a file, all pure.

A policy gets the sets of one name and type and the circumstances, and returns those whose values
are the answer. When none is healthy all are (fail open). Source:
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-how-route-53-chooses-records.html
"""

from collections.abc import Callable, Mapping, Sequence

from infctl.lab.dns.policies.circumstances import Circumstances, UnknownPolicy
from infctl.lab.dns.policies.failover import choose_failover
from infctl.lab.dns.policies.geolocation import choose_geolocation
from infctl.lab.dns.policies.latency import choose_latency
from infctl.lab.dns.policies.multivalue import choose_multivalue
from infctl.lab.dns.policies.simple import choose_simple
from infctl.lab.dns.policies.weighted import choose_weighted
from infctl.lab.dns.records import RecordSet

__all__ = ["PLACED", "POLICIES", "Circumstances", "UnknownPolicy", "choose"]

Policy = Callable[[Sequence[RecordSet], Circumstances], Sequence[RecordSet]]

POLICIES: Mapping[str, Policy] = {
    "simple": choose_simple,
    "weighted": choose_weighted,
    "latency": choose_latency,
    "geolocation": choose_geolocation,
    "failover": choose_failover,
    "multivalue": choose_multivalue,
}

PLACED = frozenset({"latency", "geolocation"})
"""Those that go by where the client is."""


def choose(sets: Sequence[RecordSet], circumstances: Circumstances) -> Sequence[RecordSet]:
    """The record sets that answer; UnknownPolicy where we cannot tell."""
    names = {item.policy for item in sets}
    policy = POLICIES.get(sets[0].policy)
    if policy is None or len(names) > 1:
        raise UnknownPolicy(", ".join(sorted(names)))
    return policy(sets, circumstances)
