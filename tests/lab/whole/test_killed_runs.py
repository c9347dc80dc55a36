"""Runs whose executor is killed or frozen, and the colleague who carries on or takes back.

INFCTL_WHOLE=1 draws twenty moments for each; a few are in every run.
"""

import random
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from living import Living, until
from rehearsal import (
    Colleague,
    audited,
    config_maps,
    executor_of,
    launch,
    many_writes,
    settle,
    wait_over,
    whole,
)

from infctl.model.names import is_name

SEED = 20261124
REGIONS = ("us-east-1", "eu-west-1", "ap-south-1")
LONGEST_START = 4.0
SLACK = 1.0
"""Seconds for a machine with other work to do."""

pytestmark = [pytest.mark.lab, pytest.mark.timeout(3600)]


@pytest.fixture
def people(living: Living) -> Iterator[tuple[Colleague, Colleague]]:
    """Two engineers who know the lab and nothing of each other."""
    with (
        tempfile.TemporaryDirectory(prefix="i-") as one,
        tempfile.TemporaryDirectory(prefix="i-") as other,
    ):
        yield Colleague(living, Path(one)), Colleague(living, Path(other))
        for name, row in living.regions().items():
            if row["switched_off"]["value"]:
                # One test's failure is not the next one's.
                living.run("restore", name, "--yes", timeout=150, code=None)


def _picture(user: Living) -> dict[str, tuple[object, ...]]:
    """What a failover changes: switches, answers, wanted replicas."""
    return {
        name: (row["switched_off"]["value"], row["dns_healthy"]["value"], row["replicas"]["value"])
        for name, row in user.regions().items()
    }


def _begin_and_kill(user: Living, region: str, moment: float) -> str:
    words = ("failover", region, f"--confirm={region}", "--reason", "rehearsal", "--detach")
    run = user.run(*words, timeout=60).stdout.strip()
    assert is_name(run)
    executor = executor_of(user, run)
    settle(moment)
    executor.kill()
    until(executor.is_gone, 5, "the executor is gone")
    return run


def _has_copy(user: Living, run: str) -> bool:
    items = user.read("runs", "list", "--clusters")["items"]
    return any(item["name"] == run for item in items)


@pytest.mark.parametrize("number", range(whole(1, 20)))
@pytest.mark.parametrize("way", ["resume", "undo"][: whole(1, 2)])
def test_a_failover_that_is_killed_ends_as_its_colleague_decides(
    people: tuple[Colleague, Colleague], way: str, number: int
) -> None:
    first, second = people
    draw = random.Random(f"{SEED} {way} {number}")
    region = REGIONS[number % len(REGIONS)]
    # Half of the moments fall where the writes are, half into the wait for the clients.
    moment = draw.uniform(0, LONGEST_START) if number % 2 else draw.uniform(0, 24)
    until(lambda: _are_all_in(second), 60, "every region is in the answers")
    before = _picture(second)
    run = _begin_and_kill(first, region, moment)
    if not _has_copy(second, run):
        assert _picture(second)[region][0] == before[region][0], "an act without a copy"
        return
    second.run("runs", way, run, timeout=150, code=None)
    item = wait_over(second, run, 120)
    until(lambda: _is_settled(second), 60, "health checks have seen it")
    if way == "undo":
        assert item["state"] == "rolled_back", item
        assert _picture(second) == before
        return
    assert item["state"] == "completed", item
    after = _picture(second)
    assert after.pop(region)[:2] == (True, False)
    assert after == {name: row for name, row in before.items() if name != region}
    second.run("restore", region, "--yes", timeout=150)


def _are_all_in(user: Living) -> bool:
    return all(row["dns_healthy"]["value"] for row in user.regions().values())


def _is_settled(user: Living) -> bool:
    """Answers follow the switches."""
    return all(
        row["dns_healthy"]["value"] is not row["switched_off"]["value"]
        for row in user.regions().values()
    )


@pytest.mark.parametrize("number", range(whole(1, 20)))
def test_of_two_who_start_at_once_one_wins_and_the_other_is_told_who(
    people: tuple[Colleague, Colleague], number: int
) -> None:
    begun = time.monotonic()
    runs = [
        launch(user, many_writes(f"race-{number}-{who}", REGIONS, 2))
        for who, user in enumerate(people)
    ]
    items = [wait_over(user, run, 60) for user, run in zip(people, runs, strict=True)]
    states = sorted(item["state"] for item in items)
    if states == ["completed", "completed"]:
        # One ended before the other began: they never met, which the fences must show.
        assert items[0]["fence"] != items[1]["fence"]
    else:
        assert states == ["cancelled", "completed"]
        loser = next(item for item in items if item["state"] == "cancelled")
        winner = next(item for item in items if item["state"] == "completed")
        assert winner["name"] in loser["reason"]
    first_act = min(
        datetime.fromisoformat(step["started"])
        for item in items
        for step in item["steps"]
        if step["started"]
    )
    begun_at = min(datetime.fromisoformat(item["started"]) for item in items)
    assert (first_act - begun_at).total_seconds() < 10
    assert time.monotonic() - begun < 60


@pytest.mark.parametrize("number", range(whole(1, 5)))
def test_a_holder_that_was_frozen_past_its_lease_writes_nothing_more(
    living: Living, people: tuple[Colleague, Colleague], number: int
) -> None:
    first, second = people
    draw = random.Random(f"{SEED} frozen {number}")
    name = f"frozen-{number}"
    run = launch(first, many_writes(name, REGIONS, 60))
    executor = executor_of(first, run)
    until(lambda: config_maps(second, name, REGIONS), 45, "the run writes")
    settle(draw.uniform(0, 0.5))
    executor.freeze()
    try:
        second.run("runs", "resume", run, timeout=150, code=None)
        taken = wait_over(second, run, 90)
        assert taken["state"] == "completed", taken
        executor.wake()
        woken = time.monotonic()
        until(executor.is_gone, 10, "the one that woke has left")
        assert time.monotonic() - woken <= 2.0 + SLACK
    finally:
        if not executor.is_gone():
            executor.kill()
    for region in REGIONS:
        fences = [w.fence for w in audited(living, region) if w.run == run]
        assert fences == sorted(fences), f"an older fence wrote after a newer one in {region}"
        assert len(set(fences)) == 2, "both have written there"
    assert len(config_maps(second, name, REGIONS)) == 60 * len(REGIONS)
