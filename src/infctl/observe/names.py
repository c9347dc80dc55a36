"""What the name service and the switches say of every region."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infctl.model.health_check import evaluate, leaves
from infctl.model.measured import Measured, unknown
from infctl.observe.answers import Answers, ask_often, presence, times_for
from infctl.observe.reading import measure
from infctl.observe.zone import SOURCE, read_zone
from infctl.ports.cloud import CloudState, NameService, ObjectStore, Record
from infctl.ports.world import World

ANSWERED = "dns answers"


@dataclass(frozen=True, slots=True)
class NamesReading:
    """The name service's share of a RegionSnapshot."""

    healthy: Measured[bool]
    weight: Measured[int]


async def read_names(
    world: World, zone: str, host: str, regions: tuple[str, ...], deadline: float
) -> dict[str, NamesReading]:
    """For each region: is its record in the answers, and with which weight.

    Where Route 53's control plane does not say, its checkers and the answers themselves are asked
    after the records that were known last.
    """
    looking = _Look(world, host, regions, deadline)
    state, carried = await read_zone(world, zone, deadline, looking.from_data_planes)
    if state.value is None:
        silent: Measured[Any] = unknown(SOURCE, state.at, state.reason)
        return dict.fromkeys(regions, NamesReading(silent, silent))
    healthy = carried if carried is not None else await looking.from_checkers(state.value)
    return {region: _reading(region, host, state, healthy[region]) for region in regions}


def _reading(
    region: str, host: str, state: Measured[CloudState], healthy: Measured[bool]
) -> NamesReading:
    records = {} if state.value is None else records_of(state.value, host)
    if region not in records:
        missing: Measured[Any] = unknown(SOURCE, state.at, "no record")
        return NamesReading(missing, missing)
    return NamesReading(healthy, state.map(lambda _: records[region].weight))


def records_of(cloud: CloudState, host: str) -> dict[str, Record]:
    """The host's records by region. Pure."""
    return {r.set_identifier: r for r in cloud.records if r.name.rstrip(".") == host}


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at who is in the answers."""

    world: World
    host: str
    regions: tuple[str, ...]
    deadline: float

    async def from_checkers(self, cloud: CloudState) -> dict[str, Measured[bool]]:
        """What the health checks say of every region's record."""
        records = records_of(cloud, self.host)
        asked = [name for name in self.regions if name in records]
        words = await asyncio.gather(*(self._word(cloud, records[name]) for name in asked))
        lost: Measured[bool] = unknown(SOURCE, time.time(), "no record")
        return {**dict.fromkeys(self.regions, lost), **dict(zip(asked, words, strict=True))}

    async def from_data_planes(self, cloud: CloudState) -> dict[str, Measured[bool]]:
        """The same by records that are not fresh, held against what is answered now."""
        records = tuple(records_of(cloud, self.host).values())
        question = ask_often(self.world.resolver, self.host, times_for(records))
        words, answers = await asyncio.gather(
            self.from_checkers(cloud), measure(question, ANSWERED, self.deadline)
        )
        known = {record.set_identifier: record for record in records}
        return {
            name: agree(word, _presence(answers, known[name], records)) if name in known else word
            for name, word in words.items()
        }

    async def _word(self, cloud: CloudState, record: Record) -> Measured[bool]:
        question = _healthy(self.world.names, cloud, record.health_check)
        return await measure(question, SOURCE, self.deadline)


def _presence(
    answers: Measured[Answers], record: Record, records: tuple[Record, ...]
) -> Measured[bool]:
    if answers.value is None:
        return unknown(ANSWERED, answers.at, answers.reason)
    there, why = presence(answers.value, record, records)
    return Measured(there, answers.at, ANSWERED, why)


def agree(word: Measured[bool], answer: Measured[bool]) -> Measured[bool]:
    """Checkers' word and answers put together: one that says no has it. Pure.

    Answers hold everybody where no region is healthy, so they do not outdo a checker's no.
    """
    said = [m for m in (word, answer) if m.value is not None]
    if not said:
        return unknown(word.source, word.at, f"{word.reason}; {answer.reason}")
    return next((m for m in said if m.value is False), said[0])


async def _healthy(names: NameService, cloud: CloudState, check: str) -> bool | None:
    configs = {c.name: c.config for c in cloud.health_checks}
    ids = {c.name: c.id for c in cloud.health_checks}
    wanted = leaves(check, configs)
    seen = await asyncio.gather(*(names.observations(ids[leaf]) for leaf in wanted))
    words = {leaf: [o.healthy for o in said] for leaf, said in zip(wanted, seen, strict=True)}
    return evaluate(check, configs, words)


async def read_switches(
    stores: Mapping[str, ObjectStore],
    regions: tuple[str, ...],
    service: str,
    region: str,
    deadline: float,
) -> Measured[bool]:
    """Whether any keeper that answers holds the region's off switch.

    Where no keeper answers the switch is unknown. Keepers are all other regions of the platform: a
    region that stands alone has none, and cannot be off.
    """
    if set(regions) <= {region}:
        return Measured(False, time.time(), "platform")
    keepers = [stores[name] for name in regions if name != region and name in stores]
    answers = await asyncio.gather(*(_held(s, service, region, deadline) for s in keepers))
    known = [a for a in answers if a.known]
    if not known:
        reason = answers[0].reason if answers else "no region that keeps it can be reached"
        at = answers[0].at if answers else time.time()
        return unknown("s3 switches", at, reason)
    return Measured(any(a.value for a in known), max(a.at for a in known), "s3 switches")


async def read_store(store: ObjectStore, deadline: float) -> Measured[bool]:
    """Whether a region's object store answers."""
    return await measure(_answers(store), f"s3 {store.region}", deadline)


async def _answers(store: ObjectStore) -> bool:
    await store.buckets()
    return True


async def _held(store: ObjectStore, service: str, region: str, deadline: float) -> Measured[bool]:
    bucket = f"{service}-switches-{store.region}"
    return await measure(_exists(store, bucket, f"off/{region}"), f"s3 {store.region}", deadline)


async def _exists(store: ObjectStore, bucket: str, key: str) -> bool:
    return await store.get(bucket, key) is not None
