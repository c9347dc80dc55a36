"""B18, B19: a failover starts within five seconds whatever hangs, without an override."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from stricken import (
    OTHER,
    Stricken,
    all_metrics,
    own_api,
    own_metrics,
    own_region,
    resolver,
    route53,
    route53_whole,
    stricken,
    view_of,
)

from infctl.errors import Exit
from infctl.executor.facts import read_facts
from infctl.fakes.endpoint import Mood
from infctl.fakes.world import FakeWorld
from infctl.model.outcome import Word
from infctl.model.run import RunState

STARTS = 4.0
"""Seconds to the first act; one more of the five is for two programs to start."""
Strike = Callable[[FakeWorld, Mood], None]


@pytest.fixture
async def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stricken:
    return await stricken(monkeypatch, tmp_path)


@pytest.mark.parametrize("mood", [Mood.SILENT, Mood.HANGING, Mood.REFUSING])
@pytest.mark.parametrize("strike", [route53, route53_whole, own_api, own_metrics, own_region])
async def test_a_failover_starts_at_once_and_ends_well(
    place: Stricken, strike: Strike, mood: Mood
) -> None:
    strike(place.fake, mood)
    began = time.monotonic()
    proposal = await place.propose()
    assert not proposal.is_refused, [g for g in proposal.guards if g.outcome.word != Word.PASSED]
    run = place.launch(proposal.plan)
    code = await place.carry(run)
    view = view_of(run)
    assert (code, view.state) == (Exit.DONE, RunState.COMPLETED), (view.reason, view.notes)
    assert min(place.acted) - began <= STARTS


@pytest.mark.parametrize("mood", [Mood.SILENT, Mood.HANGING])
async def test_where_the_known_state_is_used_the_plan_says_so(place: Stricken, mood: Mood) -> None:
    route53(place.fake, mood)
    proposal = await place.propose()
    said = [g.outcome.evidence for g in proposal.guards if g.guard == "regions_on"]
    assert any("addresses as known" in line for line in said[0]), said


async def test_without_a_known_state_nothing_is_made_up(place: Stricken) -> None:
    place.fake.known.content.clear()
    route53(place.fake, Mood.SILENT)
    facts = await read_facts(place.ports, place.platform)
    assert not facts.addresses
    assert "Route 53 does not answer; nothing is known of an earlier day" in facts.unread
    proposal = await place.propose()
    words = {g.guard: g.outcome.word for g in proposal.guards}
    assert words["regions_on"] is Word.ERRORED


async def test_a_known_state_that_the_answers_belie_is_not_used(place: Stricken) -> None:
    """The gateway of a region that takes over has moved since the zone was read last."""
    names = place.fake.names
    zone = place.platform.service.zone
    for record in names.records[names.zones[zone]]:
        if record.set_identifier == OTHER:
            await names.upsert_record(names.zones[zone], replace(record, values=("192.0.2.99",)))
    route53(place.fake, Mood.SILENT)
    facts = await read_facts(place.ports, place.platform)
    assert not facts.addresses
    assert "not those that are answered now" in facts.unread


async def test_where_neither_checkers_nor_answers_speak_the_regions_that_are_on_are_not_known(
    place: Stricken,
) -> None:
    route53_whole(place.fake, Mood.SILENT)
    resolver(place.fake, Mood.SILENT)
    words = {g.guard: g.outcome.word for g in (await place.propose()).guards}
    assert words["regions_on"] is Word.ERRORED


async def test_capacity_is_no_guess_where_all_metrics_are_gone(place: Stricken) -> None:
    all_metrics(place.fake, Mood.SILENT)
    words = {g.guard: g.outcome.word for g in (await place.propose()).guards}
    assert words["capacity"] is Word.ERRORED
    assert words["regions_on"] is Word.PASSED
