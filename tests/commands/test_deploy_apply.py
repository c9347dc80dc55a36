"""`infctl deploy apply` under the lock, over a world in memory."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

import infctl.commands.deploy
import infctl.wiring
from infctl.commands.run import run
from infctl.engine.locks import EnvironmentLock, Who, lock_sites
from infctl.engine.locks.freeze import Freeze, write_freeze
from infctl.errors import Exit
from infctl.fakes.world import FakeWorld, fake_world
from infctl.platform.starter import starter


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeWorld:
    """The world that every command meets here."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("INFCTL_ENV", "INFCTL_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "platform.yaml").write_text(starter(tmp_path))
    made = fake_world()
    monkeypatch.setattr(infctl.wiring, "open_world", lambda _platform, name: made.world(name))
    monkeypatch.setattr(infctl.commands.deploy, "_stores", lambda _platform: {})
    return made


def _rows(shown: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(shown)["items"]
    return rows


def test_two_applies_in_a_row(fake: FakeWorld, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["deploy", "apply", "-o", "json"]) == Exit.DONE
    results = [row["result"] for row in _rows(capsys.readouterr().out)]
    assert results == ["changed"] * 4
    assert run(["deploy", "apply", "-o", "json"]) == Exit.DONE
    shown = capsys.readouterr()
    assert [row["result"] for row in _rows(shown.out)] == ["unchanged"] * 4
    assert "remain possible" not in shown.err
    assert run(["deploy", "plan", "--detailed-exitcode"]) == Exit.DONE
    assert fake.clusters["eu-west-1"].storage.version > 0


def test_a_lock_of_another_holder_refuses_and_names_him(
    fake: FakeWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    world = fake.world("lab")
    lock = EnvironmentLock(lock_sites(world), world.clock, Who("ana", "her-laptop", 1, "run-1"))
    asyncio.run(lock.acquire())
    assert run(["deploy", "apply"]) == Exit.REFUSED
    said = capsys.readouterr().err
    assert "ana" in said
    assert "Traceback" not in said


def test_a_freeze_refuses_and_says_why(fake: FakeWorld, capsys: pytest.CaptureFixture[str]) -> None:
    world = fake.world("lab")
    asyncio.run(write_freeze(world, Freeze("a fire", "ana", world.clock.wall())))
    assert run(["deploy", "apply"]) == Exit.REFUSED
    assert "frozen by ana: a fire" in capsys.readouterr().err


def test_a_cluster_without_policies_is_deployed_to_and_named(
    fake: FakeWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.clusters["eu-west-1"].fenced = False
    assert run(["deploy", "apply"]) == Exit.DONE
    said = capsys.readouterr().err
    assert said.count("writes of an older holder remain possible") == 1
    assert "eu-west-1 did not refuse an older fence" in said


def test_no_majority_of_places_is_no_deployment(
    fake: FakeWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    for region in ("eu-west-1", "us-east-1"):
        fake.silence(region)
    assert run(["deploy", "apply"]) == Exit.UNDECIDED
    assert "Traceback" not in capsys.readouterr().err
