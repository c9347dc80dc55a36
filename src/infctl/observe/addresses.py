"""The regions' gateways, as the zone's records name them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from infctl.model.measured import Measured
from infctl.observe.answers import Answers, ask_often, strangers, times_for
from infctl.observe.names import ANSWERED, records_of
from infctl.observe.reading import measure
from infctl.observe.zone import read_zone
from infctl.ports.cloud import CloudState
from infctl.ports.world import World


@dataclass(frozen=True, slots=True)
class Addresses:
    """By region; `unread` says why there are none, `carried` of when they are where not of now."""

    found: Mapping[str, str] = field(default_factory=dict)
    unread: str = ""
    carried: str = ""


async def read_addresses(world: World, zone: str, host: str, deadline: float) -> Addresses:
    """From the records; where these cannot be read, from those that were known last.

    Those are no good where the name servers answer with an address that is not among them.
    """

    async def ask(cloud: CloudState) -> Measured[Answers]:
        records = tuple(records_of(cloud, host).values())
        return await measure(
            ask_often(world.resolver, host, times_for(records)), ANSWERED, deadline
        )

    state, answers = await read_zone(world, zone, deadline, ask)
    if state.value is None:
        return Addresses(unread=state.reason)
    records = {name: r for name, r in records_of(state.value, host).items() if r.values}
    found = {name: record.values[0] for name, record in records.items()}
    if answers is None:
        return Addresses(found)
    age = age_words(state.age(world.clock.wall()))
    if answers.value is not None and strangers(answers.value, tuple(records.values())):
        why = f"{state.reason}, and those known {age} ago are not those that are answered now"
        return Addresses(unread=why)
    return Addresses(found, carried=f"addresses as known {age} ago: {state.reason}")


def age_words(seconds: float) -> str:
    """An age for people: 40 s, 12 min, 5 h, 3 days."""
    for unit, name in ((86_400.0, "days"), (3600.0, "h"), (60.0, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} s"
