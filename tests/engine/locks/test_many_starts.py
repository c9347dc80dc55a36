"""B11: whoever starts at once, never two win, and one does soon."""

import asyncio
import os
from random import Random

import pytest
from toy_hosts import Host, lock_of, now, places
from virtual_time import run

from infctl.errors import InfctlError, Refused

ROUNDS = int(os.environ.get("INFCTL_ROUNDS", "25"))
STARTS = 50
SOON = 5.0
PLACES = (1, 3, 5)


async def one_round(seed: int, count: int) -> tuple[list[float], list[float]]:
    """When each winner won, and how long after the first win refusals took."""
    random = Random(seed)
    where = places(count)
    if count > 1 and seed % 4 == 0:
        where[random.randrange(count)].is_dead = True
    won: list[float] = []
    refused: list[tuple[float, Refused]] = []

    async def start(number: int) -> None:
        host = Host(f"host-{number}", offset=random.uniform(0, 1e6))
        lock, _ = lock_of(host, where, random)
        await asyncio.sleep(random.uniform(0, 0.2))
        try:
            await lock.acquire()
        except Refused as refusal:
            refused.append((now(), refusal))
            return
        won.append(now())
        lock.check()
        await lock.renew_forever()

    tasks = [asyncio.ensure_future(start(n)) for n in range(STARTS)]
    await asyncio.sleep(12.0)
    for task in tasks:
        task.cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert not [d for d in done if isinstance(d, InfctlError)]
    assert len(won) + len(refused) == STARTS
    assert all(
        "holds the lock since" in r.what and "infctl runs attach" in r.hint for _, r in refused
    )
    return won, [at - won[0] for at, _ in refused]


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("count", PLACES)
def test_fifty_starts_at_once_have_one_winner_within_five_seconds(count: int) -> None:
    found = [run(one_round(seed, count)) for seed in range(ROUNDS)]
    assert [len(won) for won, _ in found] == [1] * ROUNDS
    times = sorted(won[0] for won, _ in found)
    waits = sorted(wait for _, waits in found for wait in waits)
    print(
        f"{count} places, {ROUNDS} rounds: won after {times[len(times) // 2]:.2f} s median,"
        f" {times[-1]:.2f} s worst; refused {waits[-1]:.2f} s after that at worst"
    )
    assert sum(at <= SOON for at in times) >= 0.99 * ROUNDS
    # One place is dead in each fourth round: its deadline is part of every look there.
    assert sum(wait <= 1.0 for wait in waits) >= 0.99 * len(waits)
    assert waits[-1] <= 2.0
