"""Shifts as the keepers that answer say."""

import json

import pytest

from infctl.fakes.endpoint import Mood
from infctl.fakes.world import FakeWorld, fake_world
from infctl.observe.shifts import read_shifts

HERE, OTHER, THIRD = "eu-west-1", "us-east-1", "ap-south-1"
REGIONS = (OTHER, HERE, THIRD)


async def _switched(*keepers: str, expires: float = 100.0) -> FakeWorld:
    fake = fake_world(REGIONS)
    for region, store in fake.stores.items():
        await store.ensure_bucket(f"vision-switches-{region}")
    for keeper in keepers:
        body = json.dumps({"who": "ann", "at": 1.0, "expires": expires}).encode()
        await fake.stores[keeper].put(f"vision-switches-{keeper}", f"off/{HERE}", body)
    return fake


@pytest.mark.parametrize("keepers", [(OTHER,), (THIRD,), (OTHER, THIRD)])
async def test_one_keeper_that_holds_it_is_enough(keepers: tuple[str, ...]) -> None:
    fake = await _switched(*keepers)
    found = await read_shifts(fake.stores, REGIONS, "vision", 1.0)
    assert [(s.region, s.owner, s.expires) for s in found.active] == [(HERE, "ann", 100.0)]
    assert not found.unread


async def test_silent_keepers_are_not_taken_for_no_shift() -> None:
    fake = await _switched()
    for keeper in (OTHER, THIRD):
        fake.stores[keeper].endpoint.mood = Mood.HANGING
    found = await read_shifts(fake.stores, REGIONS, "vision", 0.05)
    assert found.active == ()
    assert "no answer" in found.unread[HERE]


async def test_a_switch_without_a_word_is_a_switch() -> None:
    fake = await _switched()
    await fake.stores[OTHER].put(f"vision-switches-{OTHER}", f"off/{HERE}", b"")
    found = await read_shifts(fake.stores, REGIONS, "vision", 1.0)
    assert [s.region for s in found.active] == [HERE]
