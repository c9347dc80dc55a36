"""One lock by one host: how long it asks, and what it writes."""

import asyncio
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest
from quick_lines import THEIRS, WHO, Quick, held_by, quick
from toy_hosts import EPOCH, Host, now, places
from virtual_time import run

from infctl.engine.locks import EnvironmentLock
from infctl.errors import LeaseLost, Refused, Unreachable
from infctl.ports.lock import Holding, Seen


def test_the_record_says_who_took_the_lock_when_and_for_how_long() -> None:
    async def scene() -> None:
        lock, lines = quick(places(3))
        assert lock.id == f"{Random(1).getrandbits(64):016x}"
        assert (lock.fence, lock.unreached) == (0, {})
        assert await lock.acquire() == lock.fence == 1
        expected = Holding(lock.id, "ana", "host", 42, "run-1", 1, 0, EPOCH, 15.0)
        assert [line.place.holding for line in lines] == [expected] * 3
        assert [[verb for _, verb in line.asked] for line in lines] == [["read", "write"]] * 3
        await lock.note_step("scale")
        await lock.renew()
        expected = replace(expected, renewal=1, step="scale")
        assert [line.place.holding for line in lines] == [expected] * 3
        await lock.release()
        given = replace(expected, renewal=2, free=True)
        assert [line.place.holding for line in lines] == [given] * 3
        await lock.renew()
        await lock.release()
        assert [line.place.holding for line in lines] == [given] * 3
        assert await lock.acquire() == 2
        held = lines[0].place.holding
        assert held is not None
        assert (held.step, held.renewal) == ("", 0)

    run(scene())


def test_a_lock_that_was_never_taken_or_was_given_back_says_so() -> None:
    async def scene() -> None:
        lock, _ = quick(places(1))
        told = "run run-1 no longer holds the lock: it was never taken, or was given back"
        with pytest.raises(LeaseLost) as error:
            lock.check()
        assert error.value.what == told
        assert error.value.hint == "infctl runs resume run-1"
        await lock.renew()
        await lock.renew_forever()
        await lock.acquire()
        lock.check()
        await lock.release()
        with pytest.raises(LeaseLost) as error:
            lock.check()
        assert error.value.what == told

    run(scene())


def test_an_empty_id_of_a_former_holder_succeeds_nobody() -> None:
    async def scene() -> None:
        lock, _ = quick(held_by(replace(THEIRS, id="")))
        with pytest.raises(Refused):
            await lock.acquire()

    run(scene())


@pytest.mark.parametrize(
    ("since", "patience", "seconds"),
    [
        # It looks alive by wall time: as long as there is patience, and one look more.
        (0.0, 0.0, 0.0),
        (0.0, 1.0, 1.0),
        (0.0, 1.2, 1.5),
        (15.0, 0.0, 0.0),
        (-15.0, 0.0, 0.0),
    ],
)
def test_a_holder_that_looks_alive_is_waited_for_as_long_as_patience_says(
    since: float, patience: float, seconds: float
) -> None:
    async def scene() -> None:
        lock, lines = quick(held_by(replace(THEIRS, since=EPOCH + since)))
        begun = now()
        with pytest.raises(Refused) as error:
            await lock.acquire(patience=patience)
        assert now() - begun == pytest.approx(seconds)
        assert error.value.hint == "infctl runs attach run-2"
        assert {verb for line in lines for _, verb in line.asked} == {"read"}
        assert lines[0].asked == [(n / 2, "read") for n in range(int(seconds * 2) + 1)]

    run(scene())


def test_a_holder_that_looks_dead_is_waited_for_a_lease_by_our_own_clock() -> None:
    async def scene() -> float:
        lock, _ = quick(held_by(replace(THEIRS, since=EPOCH - 1000.0)))
        begun = now()
        assert await lock.acquire() == 5
        return now() - begun

    assert run(scene()) == pytest.approx(15.0)


def test_a_lease_longer_than_ours_is_waited_for_at_most_two_of_ours() -> None:
    async def scene(duration: float) -> float:
        holding = replace(THEIRS, since=EPOCH - 1000.0, duration=duration)
        lock, _ = quick(held_by(holding))
        begun = now()
        try:
            await lock.acquire(patience=1.0)
        except Refused as error:
            assert error.hint == "infctl locks break --id theirs --reason WHY"  # noqa: PT017
            return now() - begun
        return -(now() - begun)

    assert run(scene(100.0)) == pytest.approx(31.0)
    assert run(scene(30.0)) == pytest.approx(-30.0)


def test_a_holder_that_was_seen_to_renew_lives_whatever_its_wall_time() -> None:
    async def scene() -> None:
        where = held_by(replace(THEIRS, since=EPOCH - 1000.0))

        async def renews() -> None:
            for renewal in range(1, 20):
                await asyncio.sleep(2.0)
                for place in where:
                    assert place.holding is not None
                    place.write(replace(place.holding, renewal=renewal), place.read().version)

        renewing = asyncio.ensure_future(renews())
        lock, _ = quick(where)
        begun = now()
        with pytest.raises(Refused) as error:
            await lock.acquire()
        assert now() - begun == pytest.approx(2.0, abs=0.6)
        assert error.value.hint == "infctl runs attach run-2"
        renewing.cancel()

    run(scene())


def test_two_rounds_of_silence_end_the_asking_and_an_answer_between_them_counts() -> None:
    async def scene() -> None:
        lock, lines = quick(places(3))
        for line in lines[1:]:
            line.is_cut = True
        begun = now()
        with pytest.raises(Unreachable) as error:
            await lock.acquire(patience=50.0)
        assert error.value.what == (
            "the lock needs 2 of 3 places, and these do not answer:"
            " region-2: cut off; region-3: cut off"
        )
        assert [verb for _, verb in lines[0].asked] == ["read", "read"]
        assert now() - begun <= 0.1
        assert lock.unreached == {"region-2": "cut off", "region-3": "cut off"}
        lines[1].is_cut = False
        assert await lock.acquire() == 1
        assert lock.unreached == {"region-3": "cut off"}

    run(scene())


@pytest.mark.parametrize(("patience", "seconds"), [(0.0, 20.0), (30.0, 30.0)])
def test_where_nobody_wins_the_asking_ends_after_twenty_seconds_or_patience(
    patience: float, seconds: float
) -> None:
    async def scene() -> None:
        where = places(3)
        for number, place in enumerate(where):
            # Renewed all the time by three who all lack a majority.
            place.holding = replace(THEIRS, id=f"other-{number}", duration=float("inf"))
            place.version = 1
        lock, lines = quick(where)
        begun = now()
        with pytest.raises(Refused) as error:
            await lock.acquire(patience=patience)
        assert "others ask for the lock" in error.value.what
        assert seconds <= now() - begun <= seconds + 0.5
        moments = [moment for moment, _ in lines[0].asked]
        pauses = [b - a for a, b in pairwise(moments)]
        random = Random(1)
        random.getrandbits(64)
        most = [0.1, 0.2, 0.4] + [0.5] * (len(pauses) - 3)
        assert pauses == pytest.approx([random.uniform(0.0, high) for high in most])

    run(scene())


def test_the_first_place_is_written_alone_and_without_it_none_of_the_others() -> None:
    class Lost(Quick):
        async def write(self, holding: Holding, *, version: str) -> Seen:
            self.note("write")
            if version != "2":
                raise Unreachable("lost")
            return self.place.write(holding, version)

    async def scene() -> None:
        host, where = Host("host"), places(3)
        lines: list[Quick] = [Quick(place, host, Random(0)) for place in where]
        lines[0] = Lost(where[0], host, Random(0))
        lock = EnvironmentLock(lines, host, WHO, random=Random(1))
        asking = asyncio.ensure_future(lock.acquire())
        await asyncio.sleep(0)
        for _ in range(20):
            await asyncio.sleep(0)
        assert "write" in [verb for _, verb in lines[0].asked]
        assert "write" not in [verb for line in lines[1:] for _, verb in line.asked]
        asking.cancel()

    run(scene())


def test_what_was_written_without_a_majority_is_given_back() -> None:
    class ReadOnly(Quick):
        async def write(self, holding: Holding, *, version: str) -> Seen:
            raise Unreachable("reads only")

    async def scene() -> None:
        host, where = Host("host"), places(3)
        lines = [
            Quick(where[0], host, Random(0)),
            *(ReadOnly(p, host, Random(0)) for p in where[1:]),
        ]
        lock = EnvironmentLock(lines, host, WHO, random=Random(1))
        with pytest.raises(Refused):
            await lock.acquire()
        held = where[0].holding
        assert held is not None
        assert (held.id, held.free, held.renewal) == (lock.id, True, 1)
        with pytest.raises(LeaseLost):
            lock.check()

    run(scene())
