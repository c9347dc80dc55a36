"""A freeze that was said on one machine and lifted from another; who froze first; and where."""

from dataclasses import replace

import pytest
from virtual_time import run

from infctl.engine.locks import (
    Freeze,
    FreezeWatch,
    outweighed,
    read_freezes,
    read_history,
    refuse_if_frozen,
    write_freeze,
)
from infctl.engine.locks.freeze import HERE, UNREADABLE
from infctl.errors import Frozen
from infctl.fakes.endpoint import Mood
from infctl.fakes.world import FakeWorld, fake_world

BOB = Freeze("wrong region", "bob@vm", 9000.0)
LIFT = Freeze("lifted", "alice@desk", 10.0, lifted=True)
"""Her clock is hours behind his."""
AGAIN = Freeze("still wrong", "bob@vm", 9100.0)
REGIONS = ("ap-south-1", "eu-west-1", "us-east-1")


async def heard(*words: Freeze, silent: tuple[str, ...] = ()) -> FakeWorld:
    """A world of three regions that heard these words; the `silent` ones only the first."""
    fake = fake_world(list(REGIONS))
    for number, word in enumerate(words):
        for region in silent if number else ():
            fake.clusters[region].endpoint.mood = Mood.SILENT
        await write_freeze(fake.world(), word)
    return fake


async def in_force_for(fake: FakeWorld, own: Freeze | None) -> Freeze | None:
    watch = FreezeWatch(fake.world(), lambda: own, fake.clock)
    await watch.ask()
    return watch.current()


def test_a_lift_from_another_machine_outweighs_the_word_that_most_clusters_heard_before() -> None:
    async def scene() -> None:
        fake = await heard(BOB, LIFT)
        await refuse_if_frozen(fake.world(), lambda: BOB)
        assert outweighed(BOB, await read_freezes(fake.clusters), 3) == LIFT

    run(scene())


def test_a_word_that_came_after_the_lift_or_was_never_heard_stands_and_names_its_place() -> None:
    async def scene() -> None:
        fake = await heard(BOB, LIFT)
        said = r"frozen by bob@vm: still wrong \(says this machine: infctl freeze --lift on it\)"
        with pytest.raises(Frozen, match=said):
            await refuse_if_frozen(fake.world(), lambda: AGAIN)
        await write_freeze(fake.world(), AGAIN)
        found = await in_force_for(fake, AGAIN)
        assert found is not None
        assert (found, found.places) == (AGAIN, ())

    run(scene())


def test_a_lift_that_a_minority_heard_outweighs_nothing() -> None:
    async def scene() -> None:
        fake = await heard(BOB, LIFT, silent=("eu-west-1", "us-east-1"))
        found = await in_force_for(fake, BOB)
        assert found is not None
        assert (found, found.places) == (BOB, (HERE,))
        for cluster in fake.clusters.values():
            cluster.endpoint.mood = Mood.ANSWERING
        found = await in_force_for(fake, BOB)
        assert found is not None
        assert set(found.places) == {HERE, "eu-west-1", "us-east-1"}
        assert found.sentence.endswith("infctl freeze --lift)")

    run(scene())


def test_a_region_without_access_counts_among_the_places() -> None:
    async def scene() -> None:
        fake = await heard(BOB, LIFT)
        words = await read_freezes(fake.clusters)
        for places, is_frozen in ((3, False), (5, False), (6, True), (7, True)):
            found = outweighed(BOB, words, places)
            assert found is not None
            assert found.lifted is not is_frozen, places
        watch = FreezeWatch(replace(fake.world(), absent=("a", "b", "c")), lambda: BOB, fake.clock)
        await watch.ask()
        assert watch.current() == BOB

    run(scene())


def test_what_cannot_be_read_here_is_lifted_here_alone() -> None:
    async def scene() -> None:
        fake = await heard(UNREADABLE, LIFT)
        assert outweighed(UNREADABLE, await read_freezes(fake.clusters), 3) == UNREADABLE

    run(scene())


def test_a_lifted_word_stays_lifted_while_somebody_else_freezes() -> None:
    async def scene() -> None:
        ana = Freeze("another thing", "ana@laptop", 20_000.0)
        fake = await heard(BOB, LIFT, ana)
        assert await in_force_for(fake, BOB) == ana

    run(scene())


def test_who_froze_first_stays_named_and_a_lift_ends_both() -> None:
    async def scene() -> None:
        ana = Freeze("me too", "ana@laptop", 20_000.0)
        fake = await heard(BOB, ana)
        assert set((await read_freezes(fake.clusters)).values()) == {BOB}
        assert await read_history(fake.clusters["eu-west-1"]) == (BOB, ana)
        await write_freeze(fake.world(), LIFT)
        assert await in_force_for(fake, ana) is None
        assert await in_force_for(fake, BOB) is None

    run(scene())
