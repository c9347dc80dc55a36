"""What the name service answers to one question. Pure but for the dice that it is given."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from infctl.lab.dns.choosing import LONGEST_CHAIN, Choosing
from infctl.lab.dns.places import Place
from infctl.lab.dns.policies import UnknownPolicy
from infctl.lab.dns.records import Catalogue, Zone

Healthy = Callable[[str], bool]
"""Whether the health check of that id is healthy."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Records of one name and type; `values` as in a zone file, `ttl` in seconds."""

    name: str
    type: str
    ttl: int
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: a response code by its name, and the sections.

    `tailored`: whether clients elsewhere may get another. `scope` is then the length of the prefix
    that shares it, for EDNS client subnet; 0 where everybody does.
    """

    code: str
    answer: tuple[Rows, ...] = ()
    authority: tuple[Rows, ...] = ()
    tailored: bool = False
    scope: int = 0


def answer(
    catalogue: Catalogue | None,
    name: str,
    kind: str,
    healthy: Healthy,
    chance: Random,
    place: Place | None = None,
) -> Reply:
    """Answer a client at `place`; `catalogue` is None until Route 53 was read once."""
    if catalogue is None:
        return Reply("SERVFAIL")
    zone = catalogue.zone_of(name)
    if zone is None:
        return Reply("REFUSED")
    choosing = Choosing(zone, healthy, chance, place)
    try:
        reply = _follow(choosing, name, kind, chance)
    except UnknownPolicy:
        return Reply("SERVFAIL")
    return replace(reply, tailored=choosing.tailored)


def _follow(choosing: Choosing, name: str, kind: str, chance: Random) -> Reply:
    """The records of a name, through CNAMEs as long as they stay in the zone."""
    found: list[Rows] = []
    for _ in range(LONGEST_CHAIN):
        rows = _rows(choosing, name, kind, chance)
        if rows:
            return Reply("NOERROR", (*found, rows))
        other = _rows(choosing, name, "CNAME", chance)
        if other is None:
            break
        found.append(other)
        name = other.values[0].lower().rstrip(".") + "."
        if not _is_within(name, choosing.zone.name):
            return Reply("NOERROR", tuple(found))
    code = "NOERROR" if choosing.zone.holds(name) else "NXDOMAIN"
    return Reply(code, tuple(found), _start_of_authority(choosing.zone))


def _rows(choosing: Choosing, name: str, kind: str, chance: Random) -> Rows | None:
    chosen = choosing.choose(name, kind)
    if not chosen:
        return None
    values = [value for item in chosen for value in item.values]
    if len(values) > 1:
        chance.shuffle(values)
    return Rows(name, kind, min(item.ttl for item in chosen), tuple(values))


def _is_within(name: str, zone: str) -> bool:
    return name == zone or name.endswith("." + zone)


def _start_of_authority(zone: Zone) -> tuple[Rows, ...]:
    """For negative answers; resolvers keep them for the smaller of its TTL and its minimum."""
    sets = zone.sets.get((zone.name, "SOA"), ())
    if not sets:
        return ()
    minimum = int(sets[0].values[0].split()[-1])
    return (Rows(zone.name, "SOA", min(sets[0].ttl, minimum), sets[0].values),)
