"""B32: one word in any place stops everything within two seconds; who said it is kept."""

import asyncio
from typing import Any

import pytest
from virtual_time import run

from infctl.engine.locks import (
    Freeze,
    FreezeWatch,
    in_force,
    read_freezes,
    read_history,
    refuse_if_frozen,
    write_freeze,
)
from infctl.engine.locks.freeze import NAME, UNREADABLE, read_word
from infctl.errors import Frozen
from infctl.fakes.endpoint import Mood
from infctl.fakes.world import FakeWorld, fake_world
from infctl.model.fence import SYSTEM
from infctl.ports.cluster import CONFIG_MAP

WORD = Freeze("wrong region", "ana@laptop", 1000.0)
LIFT = Freeze("it was the right one", "ben@desk", 2000.0, lifted=True)


_RUNNING: list[Any] = []
"""Tasks that nobody holds on to may vanish."""


class LoopClock:
    def wall(self) -> float:
        return self.boottime()

    def boottime(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def nowhere() -> None:
    return None


async def followers(fake: FakeWorld, count: int = 10) -> list[FreezeWatch]:
    watches = [FreezeWatch(fake.world(), nowhere, LoopClock()) for _ in range(count)]
    _RUNNING[:] = [asyncio.ensure_future(watch.run()) for watch in watches]
    await asyncio.sleep(3.0)
    assert not any(watch.current() for watch in watches)
    return watches


@pytest.mark.parametrize("hanging", [(), ("us-east-1",), ("us-east-1", "eu-west-1")])
@pytest.mark.parametrize("phase", [0.0, 0.1, 0.3, 0.49])
def test_ten_consoles_obey_within_two_seconds_though_regions_hang(
    hanging: tuple[str, ...], phase: float
) -> None:
    async def scene() -> None:
        fake = fake_world()
        for region in hanging:
            fake.clusters[region].endpoint.mood = Mood.HANGING
        watches = await followers(fake)
        await asyncio.sleep(phase)
        writing = asyncio.ensure_future(write_freeze(fake.world(), WORD))
        await asyncio.sleep(2.0)
        assert [w.current() for w in watches] == [WORD] * 10
        assert set((await writing).silent) == set(hanging)
        for region in fake.clusters:
            fake.clusters[region].endpoint.mood = Mood.ANSWERING
        await write_freeze(fake.world(), LIFT)
        await asyncio.sleep(2.0)
        assert [w.current() for w in watches] == [None] * 10

    run(scene())


def test_a_cluster_that_falls_silent_keeps_its_last_word() -> None:
    async def scene() -> None:
        fake = fake_world()
        watch = (await followers(fake, 1))[0]
        await write_freeze(fake.world(), WORD)
        await asyncio.sleep(2.0)
        for cluster in fake.clusters.values():
            cluster.endpoint.mood = Mood.SILENT
        await asyncio.sleep(60.0)
        assert watch.current() == WORD

    run(scene())


def test_what_could_not_be_lifted_everywhere_stays_frozen() -> None:
    async def scene() -> None:
        fake = fake_world()
        await write_freeze(fake.world(), WORD)
        fake.clusters["eu-west-1"].endpoint.mood = Mood.SILENT
        reach = await write_freeze(fake.world(), LIFT)
        assert set(reach.silent) == {"eu-west-1"}
        fake.clusters["eu-west-1"].endpoint.mood = Mood.ANSWERING
        with pytest.raises(Frozen, match="frozen by ana@laptop: wrong region"):
            await refuse_if_frozen(fake.world(), nowhere)
        await write_freeze(fake.world(), LIFT)
        await refuse_if_frozen(fake.world(), nowhere)

    run(scene())


def test_this_machines_own_word_needs_no_cluster() -> None:
    async def scene() -> None:
        fake = fake_world()
        for cluster in fake.clusters.values():
            cluster.endpoint.mood = Mood.HANGING
        with pytest.raises(Frozen, match="wrong region"):
            await refuse_if_frozen(fake.world(), lambda: WORD)

    run(scene())


def test_history_keeps_the_last_twenty_words() -> None:
    async def scene() -> None:
        fake = fake_world()
        for number in range(25):
            await write_freeze(fake.world(), Freeze(f"reason {number}", "ana", float(number)))
        await write_freeze(fake.world(), LIFT)
        history = await read_history(fake.clusters["eu-west-1"])
        assert [w.why for w in history] == [*(f"reason {n}" for n in range(6, 25)), LIFT.why]

    run(scene())


def test_two_who_freeze_at_once_are_both_remembered() -> None:
    async def scene() -> None:
        fake = fake_world()
        words = [Freeze(f"reason {n}", f"person {n}", float(n)) for n in range(8)]
        await asyncio.gather(*(write_freeze(fake.world(), word) for word in words))
        for cluster in fake.clusters.values():
            assert set(await read_history(cluster)) == set(words)

    run(scene())


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "7", "null", '{"why": "x"}', "[" * 5000, '{"why":1,"by":2,"at":"soon","lifted":0}'],
)
def test_what_cannot_be_read_stops_everything(text: str) -> None:
    assert read_word(text) == UNREADABLE
    assert in_force([read_word(text)]) == UNREADABLE


@pytest.mark.parametrize("text", [None, "", 7, [], {}])
def test_no_word_is_no_freeze(text: Any) -> None:
    assert read_word(text) is None


def test_a_word_is_shown_without_its_control_characters() -> None:
    word = read_word('{"why": "\\u001b[2J", "by": "\\u202e", "at": NaN, "lifted": false}')
    assert word is not None
    assert "\x1b" not in word.sentence
    assert "\u202e" not in word.sentence
    assert word.at == 0.0


def test_hostile_config_maps_are_read_without_a_crash() -> None:
    async def scene() -> None:
        fake = fake_world()
        await write_freeze(fake.world(), WORD)
        cluster = fake.clusters["eu-west-1"]
        for data in ({"freeze": "{"}, {"freeze": "{", "history": "7"}, {"history": "x" * 100_000}):
            await cluster.merge(CONFIG_MAP, NAME, SYSTEM, {"data": data})
            assert (await read_freezes(fake.clusters))["eu-west-1"] == UNREADABLE
            await read_history(cluster)
        await write_freeze(fake.world(), LIFT)
        assert (await read_freezes(fake.clusters))["eu-west-1"] == LIFT

    run(scene())
