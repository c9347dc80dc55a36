"""C19: each use of --break-glass is an alarm, on disk before the first act, and arrives later."""

import asyncio
import errno
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stricken import REGION, Stricken, all_apis, has_switched, stricken, view_of

from infctl.engine.alarm_records import read_records
from infctl.engine.copies import find_copy
from infctl.errors import Exit, JournalError
from infctl.executor.alarms import Courier, carrying, courier, deliver, queue, read_reviews, waiting
from infctl.executor.alarms.delivery import DEADLINE
from infctl.executor.launch import launch
from infctl.executor.remote import take_over
from infctl.fakes.endpoint import Mood
from infctl.model.alarm import Alarm
from infctl.model.run import RunState, RunView
from infctl.ports.cluster import LEASE

USES = 10
OFFLINE = range(3, 7)
GLASS = ("capacity", "conflicting_run", "lock")
UNHEARD = (*GLASS, "freeze")
"""Where no cluster says whether all is frozen, a reason stands in for that."""


@pytest.fixture
async def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stricken:
    monkeypatch.setattr(courier, "_LINGER", 0.2)
    return await stricken(monkeypatch, tmp_path)


def alarm(run: str = "r1", reason: str = "fire") -> Alarm:
    return Alarm(run, "fake", "fail over", GLASS, reason, "ann", 1.0)


async def _use(place: Stricken, overridden: tuple[str, ...] = GLASS) -> str:
    return place.launch((await place.propose()).plan, overridden)


def _told(place: Stricken) -> list[str]:
    return sorted(k.removeprefix("alarm/") for _, k in place.fake.notices.taken if "alarm/" in k)


def _network(place: Stricken, mood: Mood) -> None:
    """Everybody who could be told."""
    all_apis(place.fake, mood)
    place.fake.notices.routes["on-call"].mood = mood


async def _until(condition: Callable[[], bool], deadline: float = 20.0) -> None:
    async with asyncio.timeout(deadline):
        while not condition():  # noqa: ASYNC110 -- nobody tells when a notice was taken
            await asyncio.sleep(0.02)


async def test_ten_uses_are_ten_alarms_also_those_while_nobody_could_be_told(
    place: Stricken, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = []
    for number in range(USES):
        _network(place, Mood.SILENT if number in OFFLINE else Mood.ANSWERING)
        runs.append(await _use(place, UNHEARD))
        await place.carry_until(runs[-1], lambda view: view.holder is not None)
        assert {w.review.alarm.run for w in waiting("fake")} == set(runs)
    _network(place, Mood.ANSWERING)
    assert courier.AGAIN_SECONDS + 2 * DEADLINE <= 60
    monkeypatch.setattr(courier, "AGAIN_SECONDS", 0.05)
    later = Courier(place.ports)
    later.start()
    await _until(lambda: _told(place) == sorted(runs))
    await later.stop()
    for cluster in place.fake.clusters.values():
        assert {r.alarm.run for r in await read_records(cluster, "fake")} == set(runs)
    reviews = await read_reviews(place.ports)
    assert ([r.alarm.run for r in reviews.open], reviews.waiting) == (runs[::-1], {})


async def test_the_alarm_is_on_disk_before_anything_is_written_anywhere(
    place: Stricken, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[bool] = []

    def seen(act: Callable[..., Any]) -> Callable[..., Any]:
        def call(*words: Any, **options: Any) -> Any:
            written.append(bool(waiting("fake")))
            return act(*words, **options)

        return call

    for fake in place.fake.clusters.values():
        for verb in ("create", "apply", "merge", "delete"):
            monkeypatch.setattr(fake, verb, seen(getattr(fake, verb)))
    for store in place.fake.stores.values():
        monkeypatch.setattr(store, "put", seen(store.put))
    assert await place.carry(await _use(place)) == Exit.DONE
    assert written
    assert all(written)


async def test_without_an_override_nothing_is_raised(place: Stricken) -> None:
    assert await place.carry(await _use(place, ())) == Exit.DONE
    assert (waiting("fake"), _told(place)) == ([], [])


async def test_an_override_that_was_not_needed_is_an_alarm_as_well(place: Stricken) -> None:
    run = await _use(place, ("capacity",))
    assert await place.carry(run) == Exit.DONE
    (one,) = (await read_reviews(place.ports)).open
    assert (one.alarm.run, one.alarm.evidence) == (
        run,
        ("guard capacity was overridden without need: test",),
    )


async def test_a_refused_run_breaks_no_glass(place: Stricken) -> None:
    all_apis(place.fake, Mood.SILENT)
    assert await place.carry(await _use(place, ("lock",))) == Exit.REFUSED
    assert waiting("fake") == []


async def test_channels_that_swallow_everything_delay_no_recovery(place: Stricken) -> None:
    began = time.monotonic()
    run = await _use(place)
    assert await place.carry(run) == Exit.DONE
    usual = time.monotonic() - began
    place.fake.notices.routes["on-call"].mood = Mood.HANGING
    began = time.monotonic()
    assert await place.carry(await _use(place)) == Exit.DONE
    assert time.monotonic() - began < usual + 3.0
    assert _told(place) == [run]


def _full(monkeypatch: pytest.MonkeyPatch, call: str, place: str = "/alarms") -> None:
    """No room wherever alarms are kept, or something else."""
    original = getattr(os, call)

    def refuse(path: Any, *words: Any, **options: Any) -> Any:
        where = f"/proc/self/fd/{path}" if isinstance(path, int) else str(path)
        if place in os.path.realpath(where):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return original(path, *words, **options)

    monkeypatch.setattr(os, call, refuse)


@pytest.mark.parametrize("call", ["mkdir", "open", "fsync", "rename"])
async def test_without_room_for_the_alarm_the_glass_stays_whole(
    call: str, place: Stricken, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await _use(place)
    if call == "rename":
        monkeypatch.setattr(Path, "replace", _no_room(Path.replace))
    else:
        _full(monkeypatch, call)
    assert await place.carry(run) == Exit.JOURNAL
    view = view_of(run)
    assert view.state is RunState.FAILED
    assert "No space left on device" in view.reason
    assert not place.acted
    assert [await c.list(LEASE) for c in place.fake.clusters.values()] == [[], [], []]
    assert waiting("fake") == []


@pytest.mark.parametrize("call", ["open", "fsync"])
async def test_a_run_that_cannot_be_written_leaves_nothing_behind(
    call: str, place: Stricken, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = (await place.propose()).plan
    _full(monkeypatch, call, "/plan.json")
    with pytest.raises(JournalError, match="No space left on device"):
        launch(plan, platform=place.platform.path, environment="fake")
    assert list((tmp_path / "infctl" / "runs").iterdir()) == []


def _no_room(original: Callable[..., Any]) -> Callable[..., Any]:
    def replace(path: Path, target: Path) -> Any:
        if "/alarms/" in str(path):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return original(path, target)

    return replace


@pytest.mark.parametrize("kind", ["link", "of everybody", "file"])
async def test_nothing_is_overridden_where_others_hold_the_folder(
    kind: str, place: Stricken, tmp_path: Path
) -> None:
    folder = tmp_path / "infctl" / "alarms"
    if kind == "link":
        (tmp_path / "away").mkdir(mode=0o700)
        folder.symlink_to(tmp_path / "away")
    elif kind == "file":
        folder.write_text("")
    else:
        folder.mkdir()
        folder.chmod(0o777)
    run = await _use(place)
    assert await place.carry(run) == Exit.JOURNAL
    assert not place.acted
    assert not [p for p in (tmp_path / "away").rglob("*") if kind == "link"]


async def test_the_next_command_brings_what_its_executor_could_not(place: Stricken) -> None:
    _network(place, Mood.SILENT)
    run = await _use(place, UNHEARD)
    await place.carry_until(run, has_switched)
    assert _told(place) == []
    _network(place, Mood.ANSWERING)
    command = carrying(place.ports)
    await command.warm()
    await command.close()
    assert _told(place) == [run]


async def test_whoever_takes_a_run_over_has_its_alarm_too(
    place: Stricken, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    place.fake.metrics["us-east-1"].endpoint.mood = Mood.SILENT
    run = await _use(place, ("capacity",))
    await place.carry_until(run, has_switched)
    (first,) = waiting("fake")
    copy = await find_copy(place.ports, run)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "colleague"))
    (tmp_path / "colleague" / "infctl").mkdir(parents=True, mode=0o700)
    take_over(copy, place.platform)
    place.fake.metrics["us-east-1"].endpoint.mood = Mood.ANSWERING
    assert await place.carry(run) == Exit.DONE
    (second,) = waiting("fake")
    assert second.review.alarm.evidence == first.review.alarm.evidence
    assert "was overridden" in first.review.alarm.evidence[0]


async def test_the_journal_says_that_a_lock_was_forced(place: Stricken) -> None:
    run = await _use(place, ("lock",))
    assert await place.carry(run) == Exit.DONE
    view: RunView = view_of(run)
    assert any("without a majority" in note for note in view.notes)
    assert REGION in (await read_reviews(place.ports)).open[0].alarm.what


async def test_what_is_no_alarm_keeps_nobody_waiting(place: Stricken, tmp_path: Path) -> None:
    folder = tmp_path / "infctl" / "alarms" / "fake"
    queue.keep_alarm(alarm())
    for name, text in (("x.alarm", ""), ("y.alarm", "{}"), ("z.alarm", "[1]"), ("é.alarm", "")):
        (folder / name).write_text(text)
    (folder / "r2.alarm").symlink_to(folder / "r1.alarm")
    (folder / "r3.alarm").write_text((folder / "r1.alarm").read_text())
    assert [w.review.alarm.run for w in waiting("fake")] == ["r1"]
    assert await deliver(place.ports) == {}
