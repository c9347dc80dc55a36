"""Geolocation routing: the set of the smallest area around the client, else of the next larger.

An unhealthy set gives way to that of the larger area, the default last; when none of those that
apply is healthy, the smallest answers. Without any that applies there is no answer. Sources:
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-geo.html
and, of HealthCheckId,
https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html
"""

from collections.abc import Sequence

from infctl.lab.dns.places import Place
from infctl.lab.dns.policies.circumstances import Circumstances
from infctl.lab.dns.records import Area, RecordSet

DEFAULT = Area(country="*")


def choose_geolocation(
    sets: Sequence[RecordSet], circumstances: Circumstances
) -> Sequence[RecordSet]:
    """One set, or none."""
    by_area = {item.area: item for item in sets}
    applying = [by_area[area] for area in _areas(circumstances.place) if area in by_area]
    alive = [item for item in applying if circumstances.healthy(item)] or applying
    return alive[:1]


def _areas(place: Place | None) -> tuple[Area, ...]:
    """The areas that a place lies in, the smallest first."""
    if place is None:
        return (DEFAULT,)
    state = Area(country=place.country, subdivision=place.subdivision)
    return (state, Area(country=place.country), Area(continent=place.continent), DEFAULT)
