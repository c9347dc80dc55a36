"""B12, B13, B14: who takes over from a holder that died, slept or has a strange clock, and when."""

import asyncio
import os
from dataclasses import replace
from random import Random

import pytest
from toy_hosts import Acts, Host, Line, act_while_held, contend, lock_of, now, places
from virtual_time import run

from infctl.engine.locks import EnvironmentLock, break_lock
from infctl.errors import LeaseLost, Refused, Unreachable

TRIALS = int(os.environ.get("INFCTL_TRIALS", "40"))
FREEZES = int(os.environ.get("INFCTL_FREEZES", "50"))


async def take_over_from_a_dead_holder(seed: int, count: int) -> float:
    """Seconds between the dead holder's last renewal and the takeover."""
    random = Random(seed)
    where = places(count)
    first, _ = lock_of(Host("first"), where, random)
    await first.acquire()
    renewing = asyncio.ensure_future(first.renew_forever())
    await asyncio.sleep(random.uniform(0, 9))
    renewing.cancel()
    await asyncio.gather(renewing, return_exceptions=True)
    renewed = min(place.wrote for place in where)
    host = Host(
        "second", offset=random.uniform(0, 1e6), wall_offset=random.choice([0, 3600, -3600])
    )
    second, _ = lock_of(host, where, random)
    await second.acquire(patience=60.0)
    assert second.fence > first.fence
    return now() - renewed


@pytest.mark.parametrize("count", [1, 3, 5])
def test_a_dead_holder_is_followed_after_a_whole_lease_and_never_before(count: int) -> None:
    waits = [run(take_over_from_a_dead_holder(seed, count)) for seed in range(TRIALS)]
    # The last renewal may have come just before it died, or two seconds earlier.
    assert min(waits) + 0.2 >= 15.0
    assert max(waits) <= 20.0


def test_the_lease_is_counted_from_when_the_record_was_first_seen() -> None:
    async def scene() -> float:
        where = places(3)
        first, _ = lock_of(Host("first"), where, Random(1))
        await first.acquire()
        await asyncio.sleep(1000.0)
        second, _ = lock_of(Host("second"), where, Random(2))
        begun = now()
        await second.acquire()
        return now() - begun

    assert 15.0 <= run(scene()) <= 20.0


@pytest.mark.parametrize("wall", [0.0, 3600.0, -3600.0, 1e8])
@pytest.mark.parametrize("rate", [1.0, 1.4, 1 / 1.4])
def test_a_holder_that_lives_is_never_overtaken_whatever_the_clocks_say(
    wall: float, rate: float
) -> None:
    async def scene() -> None:
        where = places(3)
        first, _ = lock_of(Host("first"), where, Random(1))
        await first.acquire()
        renewing = asyncio.ensure_future(first.renew_forever())
        host = Host("second", rate=rate, wall_offset=wall)
        second, _ = lock_of(host, where, Random(2))
        begun = now()
        with pytest.raises(Refused) as refusal:
            await second.acquire()
        assert "run run-first of ana on first (pid 42)" in refusal.value.what
        assert now() - begun <= 5.0
        with pytest.raises(Refused):
            await second.acquire(patience=120.0)
        first.check()
        renewing.cancel()

    run(scene())


async def clocks_that_disagree(seed: int) -> Acts:
    """Five hosts contend for minutes; clocks run up to 1.4 times as fast as others, walls step."""
    random = Random(seed)
    where = places(random.choice([1, 3, 5]))
    acts = Acts()
    work = []
    for number in range(5):
        host = Host(f"host-{number}", rate=random.choice([1.0, 1.4]), offset=random.uniform(0, 1e6))
        lock, _ = lock_of(host, where, random, loss=0.05, late=0.02)
        work += [contend(host, lock, acts, 200.0), steps(host, random), freezes(host, random)]
    await asyncio.gather(*work)
    return acts


async def steps(host: Host, random: Random) -> None:
    while now() < 200.0:
        await asyncio.sleep(random.uniform(5, 30))
        host.wall_offset = random.choice([0.0, 3600.0, -3600.0])


async def freezes(host: Host, random: Random) -> None:
    while now() < 200.0:
        await asyncio.sleep(random.uniform(20, 90))
        host.frozen = now() + random.uniform(5, 60)


@pytest.mark.parametrize("seed", range(int(os.environ.get("INFCTL_SEEDS", "20"))))
def test_no_act_follows_one_with_a_newer_fence(seed: int) -> None:
    acts = run(clocks_that_disagree(seed))
    assert acts.stale() == []
    assert len({fence for _, _, fence in acts.log}) > 1, "nobody ever took over"


async def sleep_and_wake(seed: int) -> None:
    """A holder sleeps for a minute wherever it happens to be; another takes over meanwhile."""
    random = Random(seed)
    where = places(random.choice([1, 3]))
    acts = Acts()
    sleeper, other = Host("sleeper"), Host("other", offset=5.0)
    first, _ = lock_of(sleeper, where, random)
    second, _ = lock_of(other, where, random)
    await first.acquire()
    acting = asyncio.ensure_future(act_while_held(sleeper, first, acts, FOREVER))
    await asyncio.sleep(random.uniform(1.0, 6.0))
    sleeper.frozen = now() + 60.0
    await second.acquire(patience=100.0)
    taken = now()
    await act_while_held(other, second, acts, taken + 90.0)
    await asyncio.wait_for(acting, 1.0)
    with pytest.raises(LeaseLost) as lost:
        first.check()
    assert "infctl runs resume run-sleeper" in lost.value.hint
    assert not [a for a in acts.log if a[1] == "sleeper" and a[0] > taken]
    assert acts.stale() == []


FOREVER = 1e9


def test_a_holder_that_slept_does_nothing_more_once_it_wakes() -> None:
    for seed in range(FREEZES):
        run(sleep_and_wake(seed))


def test_a_holder_that_reaches_only_a_minority_stops_at_its_deadline() -> None:
    async def scene() -> float:
        where = places(3)
        host = Host("first")
        lock, lines = lock_of(host, where, Random(1))
        await lock.acquire()
        renewing = asyncio.ensure_future(lock.renew_forever())
        await asyncio.sleep(5.0)
        cut(lines[:2])
        begun = now()
        while True:
            try:
                lock.check()
            except LeaseLost:
                renewing.cancel()
                return now() - begun
            await asyncio.sleep(0.1)

    assert 7.0 <= run(scene()) <= 10.2


def test_a_holder_goes_on_without_a_minority() -> None:
    async def scene() -> None:
        lock, lines = lock_of(Host("first"), places(3), Random(1))
        await lock.acquire()
        renewing = asyncio.ensure_future(lock.renew_forever())
        cut(lines[2:])
        await asyncio.sleep(120.0)
        lock.check()
        renewing.cancel()

    run(scene())


def cut(lines: list[Line]) -> None:
    for line in lines:
        line.is_cut = True


async def held(seed: int = 1, count: int = 3) -> tuple[EnvironmentLock, list[Line]]:
    lock, lines = lock_of(Host("first"), places(count), Random(seed))
    await lock.acquire()
    return lock, lines


def test_without_a_majority_the_silent_places_are_named_and_glass_can_be_broken() -> None:
    async def scene() -> None:
        first, lines = await held()
        where = [line.place for line in lines]
        second, others = lock_of(Host("second"), where, Random(2))
        cut(others[1:])
        with pytest.raises(Unreachable) as error:
            await second.acquire()
        assert "region-2" in error.value.what
        assert "region-3" in error.value.what
        assert "--break-glass lock" in error.value.hint
        assert await second.acquire(force=True) > first.fence
        assert set(second.unreached) == {"region-2", "region-3"}
        second.check()
        await asyncio.sleep(9.0)
        await second.renew()
        second.check()

    run(scene())


def test_glass_can_be_broken_where_nothing_answers_at_all() -> None:
    async def scene() -> None:
        lock, lines = lock_of(Host("first"), places(3), Random(1))
        cut(lines)
        assert await lock.acquire(force=True) == 0
        assert len(lock.unreached) == 3
        lock.check()

    run(scene())


def test_a_lock_is_broken_by_its_id_alone_and_its_holder_stops() -> None:
    async def scene() -> None:
        lock, lines = await held()
        renewing = asyncio.ensure_future(lock.renew_forever())
        for wrong in ("", "0", lock.id[:-1], lock.id + "0", lock.id.upper() + "G"):
            with pytest.raises(Refused, match="holds the lock since"):
                await break_lock(lines, wrong)
        broken = await break_lock(lines, lock.id)
        assert broken.sites == ("region-1", "region-2", "region-3")
        assert broken.holding.run == "run-first"
        await asyncio.sleep(4.5)
        with pytest.raises(LeaseLost):
            lock.check()
        assert all(p.place.holding is not None and p.place.holding.free for p in lines)
        second, _ = lock_of(Host("second"), [p.place for p in lines], Random(2))
        assert await second.acquire() > lock.fence
        renewing.cancel()

    run(scene())


def test_a_random_id_never_breaks_a_lock() -> None:
    async def scene() -> None:
        lock, lines = await held()
        random = Random(7)
        renewing = asyncio.ensure_future(lock.renew_forever())
        for _ in range(200):
            with pytest.raises(Refused):
                await break_lock(lines, f"{random.getrandbits(64):016x}")
        lock.check()
        renewing.cancel()

    run(scene())


def test_a_released_lock_is_free_at_once_and_its_fence_stays() -> None:
    async def scene() -> None:
        lock, lines = await held()
        fence = lock.fence
        await lock.release()
        with pytest.raises(LeaseLost):
            lock.check()
        second, _ = lock_of(Host("second"), [p.place for p in lines], Random(2))
        begun = now()
        assert await second.acquire() == fence + 1
        assert now() - begun < 2.0

    run(scene())


def test_the_next_executor_of_a_run_succeeds_its_dead_one_at_once() -> None:
    async def scene() -> None:
        lock, lines = await held()
        second, _ = lock_of(Host("second"), [p.place for p in lines], Random(2))
        begun = now()
        assert await second.acquire(succeeds=lock.id) > lock.fence
        assert now() - begun < 2.0

    run(scene())


def test_the_last_step_is_told_with_the_next_renewal() -> None:
    async def scene() -> None:
        lock, lines = await held()
        await lock.note_step("switch")
        await lock.renew()
        second, _ = lock_of(Host("second"), [p.place for p in lines], Random(2))
        with pytest.raises(Refused, match="last step switch"):
            await second.acquire()

    run(scene())


def test_a_record_that_nobody_can_read_is_held_by_nobody_knows_whom() -> None:
    async def scene() -> None:
        lock, lines = await held()
        for line in lines:
            assert line.place.holding is not None
            line.place.holding = replace(line.place.holding, duration=float("inf"))
        second, _ = lock_of(Host("second"), [p.place for p in lines], Random(2))
        with pytest.raises(Refused) as refusal:
            await second.acquire()
        assert f"infctl locks break --id {lock.id}" in refusal.value.hint

    run(scene())
