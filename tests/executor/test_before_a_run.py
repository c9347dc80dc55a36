"""B20 before a start: a run notes what the doctor sees, and a recovery waits for no look."""

import time
from pathlib import Path

import pytest
from stricken import OTHER, REGION, Stricken, stricken, view_of

from infctl.errors import Exit
from infctl.executor import before, examining, looking
from infctl.executor.looking import Look, last_look, mark_of
from infctl.runbooks import restore


@pytest.fixture
async def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stricken:
    monkeypatch.setattr(examining, "medium_problem", lambda _: "")
    found = await stricken(monkeypatch, tmp_path)
    for keeper in (OTHER, "ap-south-1"):
        await found.fake.stores[keeper].put(f"vision-switches-{keeper}", f"off/{REGION}", b"{}")
    return found


async def _restore(place: Stricken) -> tuple[int, tuple[str, ...]]:
    proposal = await place.propose(lambda facts: restore.plan(facts, REGION, "test"))
    run = place.launch(proposal.plan)
    code = await place.carry(run)
    return code, tuple(note for note in view_of(run).notes if note.startswith("doctor"))


def _keep(place: Stricken, age: float, *bad: str) -> None:
    mark = mark_of(place.platform.path, place.platform.environment)
    looking._keep(place.platform.environment, Look(time.time() - age, mark, 44, bad))


def _no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    async def look(*_: object, **__: object) -> None:
        raise AssertionError("nobody was to look")

    monkeypatch.setattr(before, "look", look)


async def test_what_is_not_well_is_noted_and_stops_no_run(place: Stricken) -> None:
    place.fake.metrics[OTHER].values["time()"] = lambda: place.fake.clock.wall() + 9999
    code, said = await _restore(place)
    assert code == Exit.DONE
    (word,) = said
    assert word.startswith("doctor, just now: ")
    seen = last_look(place.platform.environment)
    assert seen is not None
    assert any(one.startswith(f"clock {OTHER} failed") for one in seen.bad)
    assert not any(one.startswith("standing") for one in seen.bad), "its own run is no obstacle"


async def test_a_look_of_minutes_ago_is_enough(
    place: Stricken, monkeypatch: pytest.MonkeyPatch
) -> None:
    _keep(place, 240.0, "disk failed: 10 MiB")
    _no_more(monkeypatch)
    assert await _restore(place) == (Exit.DONE, ("doctor, 4 min ago: disk failed: 10 MiB",))


@pytest.mark.parametrize("why", ["old", "changed"])
async def test_an_old_look_or_one_of_other_files_is_not(
    why: str, place: Stricken, tmp_path: Path
) -> None:
    _keep(place, 310.0 if why == "old" else 1.0, "disk failed: 10 MiB")
    if why == "changed":
        (tmp_path / "infctl" / "freeze.json").write_text('{"lifted": true}')
        (tmp_path / "infctl" / "freeze.json").unlink()
        (tmp_path / "infctl" / "environments" / "fake.json").touch()
    _, said = await _restore(place)
    assert not any("10 MiB" in word for word in said)


async def test_a_recovery_begins_on_what_was_seen_last(
    place: Stricken, monkeypatch: pytest.MonkeyPatch
) -> None:
    _no_more(monkeypatch)
    run = place.launch((await place.propose()).plan)
    own = f"standing failed: run {run} is pending"
    _keep(place, 7200.0, own, "disk failed: 10 MiB", "secrets failed: old")
    assert await place.carry(run) == Exit.DONE
    assert "doctor, 120 min ago: disk failed: 10 MiB and 1 more" in view_of(run).notes


async def test_a_doctor_that_takes_too_long_or_has_a_bug_stops_nothing(
    place: Stricken, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "WHOLE", 0.0)
    code, (said,) = await _restore(place)
    assert (code, "took more than" in said) == (Exit.DONE, True)
    await place.fake.stores[OTHER].put(f"vision-switches-{OTHER}", f"off/{REGION}", b"{}")
    monkeypatch.setattr(looking, "examine", None)
    code, (said,) = await _restore(place)
    assert (code, said) == (Exit.DONE, "doctor: nothing was checked: TypeError")
