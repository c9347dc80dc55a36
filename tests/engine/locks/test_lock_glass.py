"""A lock over any holder, its renewals, and the times that can be chosen."""

import asyncio
from dataclasses import replace
from random import Random

import pytest
from quick_lines import THEIRS, WHO, Quick, held_by, quick
from toy_hosts import EPOCH, Host, Line, lock_of, now, places
from virtual_time import run

from infctl.engine.locks import EnvironmentLock
from infctl.errors import LeaseLost, Refused, Unreachable
from infctl.ports.lock import Holding, Seen


def test_glass_is_broken_over_any_holder_and_the_lock_then_counts_those_places_alone() -> None:
    async def scene() -> None:
        lock, lines = quick(held_by(THEIRS, 5))
        for line in lines[2:]:
            line.is_cut = True
        await lock.note_step("before")
        assert await lock.acquire(force=True) == 5
        assert lock.unreached == dict.fromkeys(("region-3", "region-4", "region-5"), "cut off")
        held = Holding(lock.id, "ana", "host", 42, "run-1", 5, 0, EPOCH, 15.0)
        assert [line.place.holding for line in lines[:2]] == [held] * 2
        for line in lines[2:]:
            line.is_cut = False
        await asyncio.sleep(9.9)
        lock.check()
        await lock.renew()
        assert [line.place.holding for line in lines[:2]] == [replace(held, renewal=1)] * 2
        assert [line.place.holding for line in lines[2:]] == [THEIRS] * 3
        lines[0].is_cut = True
        await asyncio.sleep(9.9)
        await lock.renew()
        await asyncio.sleep(0.2)
        with pytest.raises(LeaseLost, match=r"it was not renewed in time, last 0\.2 s ago"):
            lock.check()

    run(scene())


def test_glass_that_no_place_lets_itself_be_written_over_stays_whole() -> None:
    class Stubborn(Quick):
        async def write(self, holding: Holding, *, version: str) -> Seen:
            if not holding.free:
                self.place.write(holding, version)
                raise Unreachable("went away")
            return self.place.write(holding, version)

    async def scene() -> None:
        host, where = Host("host"), held_by(THEIRS, 2)
        lines = [Stubborn(where[0], host, Random(0)), Quick(where[1], host, Random(0))]
        lines[1].is_cut = True
        lock = EnvironmentLock(lines, host, WHO, random=Random(1))
        with pytest.raises(Unreachable) as error:
            await lock.acquire(force=True)
        assert error.value.what == (
            "the lock needs 1 of 2 places, and these do not answer:"
            " region-2: cut off; region-1: went away"
        )
        # What may have arrived is marked as free.
        given = where[0].holding
        assert given is not None
        assert (given.id, given.free, given.renewal) == (lock.id, True, 1)
        with pytest.raises(LeaseLost):
            lock.check()

    run(scene())


def test_renewals_come_every_two_seconds_and_a_lease_of_others_is_fifteen() -> None:
    async def scene() -> None:
        lock, lines = quick(places(1))
        await lock.acquire()
        renewing = asyncio.ensure_future(lock.renew_forever())
        await asyncio.sleep(6.1)
        assert [(m, v) for m, v in lines[0].asked if v == "write"] == [
            (m, "write") for m in (0.0, 2.0, 4.0, 6.0)
        ]
        lines[0].is_cut = True
        await asyncio.sleep(9.8)
        lock.check()
        await asyncio.sleep(0.2)
        with pytest.raises(LeaseLost, match=r"it was not renewed in time, last 10\.0 s ago"):
            lock.check()
        await asyncio.sleep(2.0)
        assert renewing.done()
        assert not renewing.cancelled()

    run(scene())


def test_the_times_of_a_lock_can_be_chosen() -> None:
    async def scene() -> None:
        lock, lines = quick(places(1), duration=9.0, renew_deadline=4.0, retry=1.0, deadline=0.5)
        await lock.acquire()
        assert lines[0].place.holding is not None
        assert lines[0].place.holding.duration == 9.0
        await asyncio.sleep(3.9)
        lock.check()
        await asyncio.sleep(0.1)
        with pytest.raises(LeaseLost):
            lock.check()
        renewing = asyncio.ensure_future(lock.renew_forever())
        await asyncio.sleep(0)
        assert renewing.done()
        second, others = lock_of(Host("host"), places(1), Random(2))
        assert second.id != lock.id
        others[0].place.is_dead = True
        with pytest.raises(Unreachable, match="no answer within 1 s"):
            await second.acquire()

    run(scene())


def test_without_a_source_of_randomness_ids_differ_all_the_same() -> None:
    async def scene() -> set[str]:
        return {EnvironmentLock([], Host("host"), WHO).id for _ in range(20)}

    ids = run(scene())
    assert len(ids) == 20
    assert {len(lock_id) for lock_id in ids} == {16}


def test_without_patience_a_holder_that_lives_is_asked_once() -> None:
    async def scene() -> None:
        lock, lines = quick(held_by(THEIRS))
        with pytest.raises(Refused):
            await lock.acquire()
        assert now() == 0.0
        assert lines[0].asked == [(0.0, "read")]

    run(scene())


def test_a_first_place_of_another_without_majority_is_passed_over_at_the_fourth_look() -> None:
    async def scene() -> None:
        where = held_by(THEIRS)
        for place in where[1:]:
            place.holding, place.version = None, 0
        lock, lines = quick(where)
        assert await lock.acquire() == 5
        assert [verb for _, verb in lines[0].asked] == ["read"] * 4
        assert [verb for _, verb in lines[1].asked] == ["read"] * 4 + ["write"]
        assert [place.holding is not None for place in where] == [True] * 3
        assert where[0].holding == THEIRS

    run(scene())


def test_one_silent_round_after_others_is_not_the_end_of_asking() -> None:
    class Sometimes(Quick):
        rounds = 0

        async def read(self) -> Seen:
            self.rounds += 1
            if self.rounds == 2:
                raise Unreachable("for a moment")
            return await super().read()

    async def scene() -> None:
        where = held_by(THEIRS)
        for place in where[1:]:
            place.holding, place.version = None, 0
        host = Host("host")
        lines = [Sometimes(place, host, Random(0)) for place in where]
        lock = EnvironmentLock(lines, host, WHO, random=Random(1))
        assert await lock.acquire() == 5

    run(scene())


def test_a_lock_that_was_lost_is_renewed_no_more() -> None:
    async def scene() -> None:
        lock, lines = quick(places(1))
        await lock.acquire()
        await asyncio.sleep(10.0)
        await lock.renew()
        assert [verb for _, verb in lines[0].asked] == ["read", "write"]
        with pytest.raises(LeaseLost):
            lock.check()

    run(scene())


def test_a_hanging_place_delays_the_asking_of_a_lock_by_its_deadline() -> None:
    async def scene(force: bool) -> float:
        host = Host("host")
        lines = [Line(place, host, Random(0), slowest=0.002) for place in places(3)]
        lock = EnvironmentLock(lines, host, WHO, random=Random(1), deadline=0.5)
        lines[2].place.is_dead = True
        await lock.acquire(force=force)
        assert set(lock.unreached) == {"region-3"}
        return now()

    assert run(scene(False)) < 0.1
    assert 0.5 <= run(scene(True)) < 0.6
