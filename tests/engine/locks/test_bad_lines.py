"""Requests that vanish before or after their effect, and partitions: never two, and never stuck."""

import asyncio
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_hosts import Acts, Host, Line, Place, act_while_held, contend, lock_of, now, places
from virtual_time import run

from infctl.engine.locks import EnvironmentLock, Who
from infctl.errors import Unreachable
from infctl.ports.lock import Holding, Seen

END = 120.0


class Fickle(Line):
    """Loses one write at a given count, before or after its effect."""

    writes = 0
    fails_at = -1
    has_effect = False

    async def write(self, holding: Holding, *, version: str) -> Seen:
        self.writes += 1
        if self.writes != self.fails_at:
            return await super().write(holding, version=version)
        if self.has_effect:
            await super().write(holding, version=version)
        raise Unreachable(f"{self.name} broke off")


@pytest.mark.parametrize("has_effect", [False, True])
@pytest.mark.parametrize("count", [1, 3, 5])
@pytest.mark.parametrize("fails_at", [1, 2, 3])
def test_a_lost_write_costs_a_moment_and_never_the_lock(
    has_effect: bool, count: int, fails_at: int
) -> None:
    async def scene() -> None:
        for broken in range(count):
            host, random = Host("first"), Random(broken)
            lines = [Fickle(place, host, random) for place in places(count)]
            lines[broken].fails_at, lines[broken].has_effect = fails_at, has_effect
            lock = EnvironmentLock(lines, host, Who("ana", "first", 1, "run"), random=random)
            begun = now()
            await lock.acquire()
            assert now() - begun < 5.0
            renewing = asyncio.ensure_future(lock.renew_forever())
            await asyncio.sleep(30.0)
            lock.check()
            renewing.cancel()
            await lock.release()
            second, _ = lock_of(Host("second"), [line.place for line in lines], random)
            assert await second.acquire() > lock.fence

    run(scene())


def test_late_writes_of_those_who_gave_up_block_nobody_for_long() -> None:
    async def scene(seed: int) -> None:
        where, random = places(3), Random(seed)
        for number in range(3):
            lock, lines = lock_of(Host(f"host-{number}"), where, random, late=0.9)
            asking = asyncio.ensure_future(lock.acquire())
            await asyncio.sleep(3.0)
            for line in lines:
                line.is_cut = True
            await asyncio.gather(asking, return_exceptions=True)
        winner, _ = lock_of(Host("winner"), where, random)
        begun = now()
        await winner.acquire(patience=60.0)
        winner.check()
        assert now() - begun <= 12.0 + 20.0

    for seed in range(20):
        run(scene(seed))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    count=st.sampled_from([1, 2, 3, 5]),
    hosts=st.integers(2, 6),
    loss=st.floats(0, 0.3),
    late=st.floats(0, 0.1),
)
def test_whatever_the_lines_do_no_act_follows_one_with_a_newer_fence(
    seed: int, count: int, hosts: int, loss: float, late: float
) -> None:
    acts = run(bad_day(Random(seed), places(count), hosts, loss, late))
    assert acts.stale() == []


async def bad_day(random: Random, where: list[Place], hosts: int, loss: float, late: float) -> Acts:
    acts = Acts()
    work = []
    for number in range(hosts):
        host = Host(f"host-{number}", rate=random.choice([1.0, 1.4]), offset=random.uniform(0, 1e6))
        lock, lines = lock_of(host, where, random, loss=loss, late=late)
        work += [contend(host, lock, acts, END), partitions(lines, random), naps(host, random)]
    await asyncio.gather(*work)
    return acts


async def partitions(lines: list[Line], random: Random) -> None:
    while now() < END:
        await asyncio.sleep(random.uniform(1, 20))
        for line in lines:
            line.is_cut = random.random() < 0.3


async def naps(host: Host, random: Random) -> None:
    while now() < END:
        await asyncio.sleep(random.uniform(5, 60))
        host.frozen = now() + random.uniform(1, 40)


def test_when_the_lines_are_whole_again_somebody_soon_has_the_lock() -> None:
    async def scene(seed: int) -> None:
        random = Random(seed)
        where = places(3)
        await bad_day(random, where, 4, 0.3, 0.1)
        await asyncio.sleep(15.0)
        lock, _ = lock_of(Host("next"), where, random)
        begun = now()
        await lock.acquire(patience=60.0)
        assert now() - begun <= 20.0

    for seed in range(20):
        run(scene(seed))


def test_each_side_of_a_partition_cannot_both_act() -> None:
    async def scene(seed: int) -> Acts:
        random = Random(seed)
        where, acts = places(3), Acts()
        hosts = [Host("left"), Host("right", offset=random.uniform(0, 1e6))]
        (left, left_lines), (right, right_lines) = (lock_of(h, where, random) for h in hosts)
        await left.acquire()
        acting = asyncio.ensure_future(act_while_held(hosts[0], left, acts, 100.0))
        await asyncio.sleep(random.uniform(2, 9))
        for line in left_lines[:2]:
            line.is_cut = True
        right_lines[2].is_cut = True
        await right.acquire(patience=60.0)
        await act_while_held(hosts[1], right, acts, now() + 30.0)
        await acting
        return acts

    for seed in range(50):
        acts = run(scene(seed))
        assert acts.stale() == []
        assert {name for _, name, _ in acts.log} == {"left", "right"}
