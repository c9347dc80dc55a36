"""What the name service answers to one question. Pure but for the dice that it is given."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from infctl.lab.dns.policies import UnknownPolicy, choose
from infctl.lab.dns.records import Catalogue, RecordSet, Zone

_LONGEST_CHAIN = 8

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
    """An answer: a response code by its name, and the sections."""

    code: str
    answer: tuple[Rows, ...] = ()
    authority: tuple[Rows, ...] = ()


def answer(
    catalogue: Catalogue | None, name: str, kind: str, healthy: Healthy, chance: Random
) -> Reply:
    """Answer a question; `catalogue` is None until Route 53 was read once."""
    if catalogue is None:
        return Reply("SERVFAIL")
    zone = catalogue.zone_of(name)
    if zone is None:
        return Reply("REFUSED")
    try:
        return _follow(zone, name, kind, healthy, chance)
    except UnknownPolicy:
        return Reply("SERVFAIL")


def _follow(zone: Zone, name: str, kind: str, healthy: Healthy, chance: Random) -> Reply:
    """The records of a name, through CNAMEs as long as they stay in the zone."""
    found: list[Rows] = []
    for _ in range(_LONGEST_CHAIN):
        rows = _rows(zone, name, kind, healthy, chance)
        if rows:
            return Reply("NOERROR", (*found, rows))
        alias = _rows(zone, name, "CNAME", healthy, chance)
        if alias is None:
            break
        found.append(alias)
        name = alias.values[0].lower().rstrip(".") + "."
        if not _is_within(name, zone.name):
            return Reply("NOERROR", tuple(found))
    code = "NOERROR" if _exists(zone, name) else "NXDOMAIN"
    return Reply(code, tuple(found), _start_of_authority(zone))


def _rows(zone: Zone, name: str, kind: str, healthy: Healthy, chance: Random) -> Rows | None:
    sets = _sets(zone, name, kind)
    if not sets:
        return None

    def is_alive(item: RecordSet) -> bool:
        return not item.health_check or healthy(item.health_check)

    chosen = choose(sets, is_alive, chance)
    values = [value for item in chosen for value in item.values]
    if len(values) > 1:
        chance.shuffle(values)
    return Rows(name, kind, min(item.ttl for item in chosen), tuple(values))


def _sets(zone: Zone, name: str, kind: str) -> Sequence[RecordSet]:
    """Those of the name itself, or of the wildcard nearest above a name that does not exist."""
    if name in zone.names:
        return zone.sets.get((name, kind), ())
    return zone.sets.get((_wildcard(zone, name), kind), ())


def _exists(zone: Zone, name: str) -> bool:
    return name in zone.names or _wildcard(zone, name) in zone.names


def _wildcard(zone: Zone, name: str) -> str:
    parent = name.partition(".")[2]
    while parent not in zone.names and parent:
        parent = parent.partition(".")[2]
    return f"*.{parent}"


def _is_within(name: str, zone: str) -> bool:
    return name == zone or name.endswith("." + zone)


def _start_of_authority(zone: Zone) -> tuple[Rows, ...]:
    """For negative answers; resolvers keep them for the smaller of its TTL and its minimum."""
    sets = zone.sets.get((zone.name, "SOA"), ())
    if not sets:
        return ()
    minimum = int(sets[0].values[0].split()[-1])
    return (Rows(zone.name, "SOA", min(sets[0].ttl, minimum), sets[0].values),)
