"""Latency routing: the healthy set whose region is the fewest milliseconds from the client.

Route 53 goes by latencies that it measured; here an estimate by distance stands for them. A client
whose place is not known counts as one in us-east-1. Source:
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-latency.html
"""

from collections.abc import Sequence

from infctl.lab.dns.places import milliseconds, regions
from infctl.lab.dns.policies.circumstances import Circumstances, UnknownPolicy
from infctl.lab.dns.records import RecordSet

_UNKNOWN = "us-east-1"


def choose_latency(sets: Sequence[RecordSet], circumstances: Circumstances) -> Sequence[RecordSet]:
    """One set, the nearest healthy one; the nearest of all where none is healthy.

    UnknownPolicy where a set's region is none of the vendor's.
    """
    known = regions()
    if strange := [item.region for item in sets if item.region not in known]:
        raise UnknownPolicy(f"no such region: {strange[0]}")
    here = circumstances.place or known[_UNKNOWN]
    alive = [item for item in sets if circumstances.healthy(item)] or list(sets)
    return [min(alive, key=lambda item: (milliseconds(here, known[item.region]), item.identifier))]
