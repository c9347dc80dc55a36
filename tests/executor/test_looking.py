"""B20, features 32: whoever is idle looks each half hour and on change, and keeps what it saw."""

import asyncio
import json
from pathlib import Path

import pytest
from healthy_world import healthy_world, platform

from infctl.executor import examining, looking
from infctl.executor.looking import Look, is_due, keep_looking, last_look, look, mark_of
from infctl.fakes.endpoint import Mood
from infctl.fakes.world import FakeWorld

HALF_AN_HOUR = 1800.0
HERE = "eu-west-1"


@pytest.fixture
async def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeWorld:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(examining, "DEADLINE", 0.3)
    monkeypatch.setattr(examining, "medium_problem", lambda _: "")
    return await healthy_world(monkeypatch, tmp_path / "infctl")


def _environment() -> str:
    return platform().environment


@pytest.mark.parametrize(
    ("age", "mark", "busy", "due"),
    [
        (0.0, "a", False, False),
        (HALF_AN_HOUR - 1, "a", False, False),
        (HALF_AN_HOUR, "a", False, True),
        (10.0, "b", False, True),
        (10.0, "b", True, False),
        (HALF_AN_HOUR, "a", True, False),
        (2 * HALF_AN_HOUR, "a", True, True),
        (-10.0, "a", False, True),
    ],
)
def test_a_look_is_due_each_half_hour_and_on_change_but_not_beside_a_run(
    age: float, mark: str, busy: bool, due: bool
) -> None:
    assert is_due(Look(1000.0, "a", 44), now=1000.0 + age, mark=mark, busy=busy) is due


async def test_a_look_is_kept_with_what_is_not_well(fake: FakeWorld) -> None:
    await look(fake.world(), platform())
    seen = last_look(_environment())
    assert seen is not None
    assert (seen.bad, seen.sentence(seen.at)) == ((), "")
    assert seen.mark == mark_of(platform().path, _environment())
    fake.metrics[HERE].values["time()"] = lambda: fake.clock.wall() + 99
    await look(fake.world(), platform())
    seen = last_look(_environment())
    assert seen is not None
    assert seen.sentence(seen.at + 720).startswith(f"doctor, 12 min ago: clock {HERE} failed: ")


async def test_a_program_that_stays_open_looks_when_it_is_due(
    fake: FakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[float] = []
    told: asyncio.Queue[str] = asyncio.Queue()
    original = looking.look

    async def counted(*words: object, **options: object) -> object:
        looks.append(1.0)
        return await original(*words, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(looking, "look", counted)
    monkeypatch.setattr(looking, "POLL", 0.01)
    watching = asyncio.create_task(keep_looking(fake.world, platform(), told.put_nowait))
    async with asyncio.timeout(20.0):
        assert [await told.get() for _ in range(3)] == ["", "", ""]
        assert len(looks) == 1
        fake.metrics[HERE].endpoint.mood = Mood.SILENT
        path = Path(examining.__file__).parents[3] / "none"
        monkeypatch.setattr(looking, "_kubeconfig", lambda _: [path])
        while not (said := await told.get()):
            pass
    watching.cancel()
    assert len(looks) == 2
    assert f"endpoints {HERE} failed" in said


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"at": "x"}', '{"at": 1, "bad": 3}', "{" * 99])
def test_what_is_no_look_counts_as_none(
    text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (tmp_path / "infctl" / "looks").mkdir(parents=True)
    (tmp_path / "infctl" / "looks" / "lab.json").write_text(text)
    assert last_look("lab") is None
    assert last_look("../lab") is None


async def test_what_others_may_write_keeps_no_look(fake: FakeWorld, tmp_path: Path) -> None:
    (tmp_path / "away").mkdir()
    (tmp_path / "infctl" / "looks").symlink_to(tmp_path / "away")
    await look(fake.world(), platform())
    assert list((tmp_path / "away").iterdir()) == []


def test_a_hostile_look_is_shown_as_text(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (tmp_path / "infctl" / "looks").mkdir(parents=True)
    hostile = {"at": 1.0, "mark": "a", "findings": 1, "bad": ["\x1b[2J" + "x" * 999]}
    (tmp_path / "infctl" / "looks" / "lab.json").write_text(json.dumps(hostile))
    seen = last_look("lab")
    assert seen is not None
    assert "\x1b" not in seen.sentence(1.0)
    assert len(seen.sentence(1.0)) < 400
