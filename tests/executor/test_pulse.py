"""Runs of other machines run only as long as somebody hears of their executor."""

import time
from dataclasses import replace

import pytest
from kept_copies import (
    BEGUN,
    ENDED,
    ENVIRONMENT,
    PAUSED,
    holding,
    keep,
    manifests,
    new_world,
    records_of,
)

from infctl.engine.locks import EnvironmentLock
from infctl.engine.locks.asking import Answer
from infctl.executor import pulse
from infctl.executor.folders import new_run_id
from infctl.executor.pulse import Life
from infctl.fakes.endpoint import Mood
from infctl.fakes.world import FakeWorld
from infctl.model.run import RunState
from infctl.ports.lock import Seen


@pytest.fixture
async def fake() -> FakeWorld:
    return await new_world()


async def _heard(fake: FakeWorld, run: str) -> pulse.Heard:
    """As `runs list` and `runs show` have it: both say the same."""
    world = fake.world(ENVIRONMENT)
    one = await pulse.hear(world, run)
    listing = await pulse.hear_all(world)
    (listed,) = (h for h in listing.runs if h.view.run == run)
    assert listed.judged.state is one.judged.state
    return one


async def _running(fake: FakeWorld, *more: object) -> tuple[str, EnvironmentLock]:
    run = new_run_id()
    lock = await holding(fake, run)
    await keep(fake, *manifests(run, records_of(run, *BEGUN, *more)))  # type: ignore[arg-type]
    return run, lock


async def test_a_run_whose_lock_was_renewed_lately_runs(fake: FakeWorld) -> None:
    run, lock = await _running(fake)
    fake.clock.now += 2
    await lock.renew()
    fake.clock.now += 3
    heard = await _heard(fake, run)
    assert heard.judged.state is RunState.RUNNING
    assert heard.pulse is not None
    assert heard.pulse.heard == pytest.approx(3.0, abs=0.1)


async def test_a_run_whose_lease_has_run_out_is_in_doubt_and_says_since_when(
    fake: FakeWorld,
) -> None:
    run, _ = await _running(fake)
    fake.clock.now += 40
    heard = await _heard(fake, run)
    assert heard.judged.state is RunState.IN_DOUBT
    assert heard.judged.reason.startswith("its executor was not heard for 4")


@pytest.mark.parametrize("skew", [-3600.0, 3600.0])
async def test_a_holder_that_renews_lives_whatever_its_wall_clock_says(
    fake: FakeWorld, skew: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(fake.clock, "wall", lambda: time.time() + skew)
        run, lock = await _running(fake)
    sleep = fake.clock.sleep

    async def renewing(seconds: float) -> None:
        await sleep(seconds)
        await lock.renew()

    assert (await _heard(fake, run)).judged.state is RunState.IN_DOUBT
    await lock.renew()
    monkeypatch.setattr(fake.clock, "sleep", renewing)
    assert (await _heard(fake, run)).judged.state is RunState.RUNNING


async def test_a_run_that_holds_no_lock_any_more_is_in_doubt(fake: FakeWorld) -> None:
    run, lock = await _running(fake)
    await lock.release()
    heard = await _heard(fake, run)
    assert (heard.judged.state, heard.judged.reason) == (
        RunState.IN_DOUBT,
        "its executor is gone: it holds no lock",
    )
    await holding(fake, new_run_id())
    assert (await _heard(fake, run)).judged.state is RunState.IN_DOUBT


async def test_where_too_few_places_answer_nothing_is_known(fake: FakeWorld) -> None:
    run, lock = await _running(fake)
    await lock.release()
    fake.silence("us-east-1")
    fake.silence("ap-south-1", Mood.REFUSING)
    heard = await _heard(fake, run)
    assert heard.pulse is not None
    assert heard.pulse.life is Life.UNKNOWN
    assert heard.judged.state is RunState.IN_DOUBT
    assert "not known: no answer from ap-south-1, us-east-1" in heard.judged.reason
    listing = await pulse.hear_all(fake.world(ENVIRONMENT))
    assert set(listing.silent) == {"us-east-1", "ap-south-1"}


@pytest.mark.parametrize(
    ("last", "state"), [(PAUSED, RunState.PAUSED_BY_OPERATOR), (ENDED, RunState.COMPLETED)]
)
async def test_what_waits_or_is_over_is_so_without_an_executor(
    fake: FakeWorld, last: object, state: RunState
) -> None:
    run, lock = await _running(fake, last)
    await lock.release()
    assert (await _heard(fake, run)).judged.state is state


async def test_a_record_that_cannot_be_read_keeps_nothing_alive(fake: FakeWorld) -> None:
    run, _ = await _running(fake)
    answers = await pulse.look(fake.world(ENVIRONMENT))
    unreadable = [_without_end(answer) for answer in answers]
    assert pulse.pulse_of(run, unreadable, fake.clock.wall()).life is Life.GONE


def _without_end(answer: Answer) -> Answer:
    assert answer.seen is not None
    assert answer.seen.holding is not None
    endless = replace(answer.seen.holding, duration=float("inf"), run="")
    return replace(answer, seen=Seen(endless, "1"))
