"""Where an address is, by data: countries, American states, and the regions of this lab. Pure.

`geography.json` numbers the places; number N has 198.18.0.0/15's Nth /24 (RFC 2544) and
2001:db8::/32's Nth /48 (RFC 3849), ranges that no real client has. So a client is placed by an
EDNS client subnet such as 198.18.93.0/24 (Germany). A lab's own addresses 127.L.R.x are where
region R is.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from math import asin, cos, radians, sin, sqrt
from pathlib import Path
from typing import Any

Network = IPv4Network | IPv6Network

_IPV4, _IPV6 = int(ip_address("198.18.0.0")), int(ip_address("2001:db8::"))
_EARTH_KILOMETRES = 6371.0
_KILOMETRES_PER_MILLISECOND = 100.0
"""Of a round trip: light in glass makes some 200,000 km/s."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place: codes as Route 53 has them, `subdivision` empty where none is known."""

    continent: str
    country: str
    subdivision: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Location:
    """What is known of an address: its place, or None, and the prefix length that shares it."""

    place: Place | None
    prefix: int


def kilometres(here: Place, there: Place) -> float:
    """The distance along the surface."""
    turn = radians(there.longitude - here.longitude) / 2
    rise = radians(there.latitude - here.latitude) / 2
    flat = cos(radians(here.latitude)) * cos(radians(there.latitude))
    return 2 * _EARTH_KILOMETRES * asin(sqrt(sin(rise) ** 2 + flat * sin(turn) ** 2))


def milliseconds(here: Place, there: Place) -> float:
    """A round trip, estimated: the distance, and what cables between those continents add."""
    detours = _geography()["detours"]
    between = "-".join(sorted((here.continent, there.continent)))
    detour: float = detours.get(between, detours["other"])
    return kilometres(here, there) * detour / _KILOMETRES_PER_MILLISECOND


@cache
def regions() -> Mapping[str, Place]:
    """The vendor's regions by name."""
    continents = {row["country"]: row["continent"] for row in _geography()["places"]}
    return {
        name: _place({**row, "continent": continents[row["country"]]})
        for name, row in _geography()["regions"].items()
    }


@cache
def networks() -> Mapping[Network, Place]:
    """The networks of all places."""
    found: dict[Network, Place] = {}
    for row in _geography()["places"]:
        found[IPv4Network((_IPV4 + (row["number"] << 8), 24))] = _place(row)
        found[IPv6Network((_IPV6 + (row["number"] << 80), 48))] = _place(row)
    return found


def address_in(country: str, subdivision: str = "") -> str:
    """An IPv4 address of a place; KeyError where the data has no such place."""
    for network, place in networks().items():
        if (place.country, place.subdivision) == (country, subdivision):
            return str(network[1])
    raise KeyError(country)


def client_networks() -> dict[str, str]:
    """The IPv4 network of each country, for clients that name where they are."""
    return {
        place.country: str(network)
        for network, place in networks().items()
        if not place.subdivision and network.version == 4
    }


class Places:
    """Finds the place of an address."""

    def __init__(self, more: Iterable[tuple[Network, Place]] = ()) -> None:
        self._known = {**networks(), **dict(more)}
        self._lengths = {
            version: sorted({n.prefixlen for n in self._known if n.version == version})[::-1]
            for version in (4, 6)
        }

    def find(self, address: str) -> Location:
        """Its location; one that is not known is shared with its /24 or /48 neighbours at most."""
        try:
            found = ip_address(address)
        except ValueError:
            return Location(None, 0)
        for length in self._lengths[found.version]:
            place = self._known.get(ip_network((int(found), length), strict=False))
            if place is not None:
                return Location(place, length)
        return Location(None, 24 if found.version == 4 else 48)


def of_region(name: str, country: str) -> Place | None:
    """Where a lab's region is: as the vendor's region of that name, else in its country."""
    return regions().get(name) or _countries().get(country)


@cache
def _countries() -> Mapping[str, Place]:
    return {place.country: place for place in networks().values() if not place.subdivision}


def _place(row: Mapping[str, Any]) -> Place:
    return Place(row["continent"], row["country"], row.get("subdivision", ""), *row["at"])


@cache
def _geography() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(Path(__file__).with_name("geography.json").read_text())
    return read
