"""freeze and locks on the command line, over the toy world, and with no world at all."""

import asyncio
import json
import stat
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from toy_command import call, command, environment

from infctl.commands.freeze import _say
from infctl.engine.locks import read_freezes
from infctl.engine.locks.freeze import Freeze
from infctl.errors import InfctlError
from infctl.fakes.world import fake_world

REGION = "eu-west-1"


__all__ = ["command", "environment"]


def test_a_full_disk_here_is_no_bug_and_is_named(
    command: list[str], environment: dict[str, str]
) -> None:
    # No file may grow: what is written fails, as on a full disk.
    limited = ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh", *command]
    for words in (("freeze", "bad power"), ("freeze", "--lift", "--yes")):
        done = call(limited, environment, *words, "-o", "json")
        assert done.returncode == 6, done.stderr
        assert "this machine was not told: its disk does not take the word" in done.stderr
        assert json.loads(done.stdout)["items"][0]["state"] == "free"


async def test_what_this_machine_cannot_keep_the_clusters_hear(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(freeze: Freeze) -> None:
        raise InfctlError("its disk does not take the word")

    monkeypatch.setattr("infctl.executor.freezing.freeze_here", refuse)
    fake = fake_world()
    context = SimpleNamespace(load_platform=lambda: None, open_world=lambda _: fake.world())
    was_told = await asyncio.to_thread(_say, cast("Any", context), "bad power", lift=False)
    assert was_told is False
    words = await read_freezes(fake.clusters)
    assert {w.why if isinstance(w, Freeze) else w for w in words.values()} == {"bad power"}


def test_a_freeze_stops_what_would_begin_until_it_is_lifted(
    command: list[str], environment: dict[str, str]
) -> None:
    done = call(command, environment, "freeze", "wrong region", "-o", "json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["kind"] == "Freeze"
    assert told["metadata"]["frozen"] is True
    assert told["metadata"]["why"] == "wrong region"
    state = Path(environment["XDG_STATE_HOME"]) / "infctl" / "freeze.json"
    assert stat.S_IMODE(state.stat().st_mode) == 0o600

    moved = ["failover", REGION, f"--confirm={REGION}", "--reason", "x"]
    for verb in (moved, ["restore", REGION, "--yes"]):
        refused = call(command, environment, *verb)
        assert refused.returncode == 5, refused.stderr
        assert "wrong region" in refused.stderr
        assert "infctl freeze" in refused.stderr

    unconfirmed = call(command, environment, "freeze", "--lift")
    assert unconfirmed.returncode == 5
    lifted = call(command, environment, "freeze", "--lift", "--yes", "-o", "json")
    assert lifted.returncode == 0, lifted.stderr
    assert json.loads(lifted.stdout)["metadata"]["frozen"] is False
    assert not [item for item in json.loads(lifted.stdout)["items"] if item["since"] == ""]
    assert "wrong region" not in call(command, environment, "freeze", "--status").stdout


def test_a_freeze_needs_no_platform_and_no_cluster(
    environment: dict[str, str], tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "infctl", "--platform", str(tmp_path / "none.yaml")]
    begun = time.monotonic()
    done = call(command, environment, "freeze", "lost the network")
    assert done.returncode == 6, done.stderr
    assert "there is no platform file" in done.stderr
    assert time.monotonic() - begun < 10.0
    status = call(command, environment, "freeze", "--status", "-o", "json")
    assert status.returncode == 6
    assert json.loads(status.stdout)["metadata"]["why"] == "lost the network"


def test_a_state_file_that_cannot_be_read_freezes(
    command: list[str], environment: dict[str, str]
) -> None:
    folder = Path(environment["XDG_STATE_HOME"]) / "infctl"
    folder.mkdir(parents=True)
    for content in (b"\xff\xfe", b"{", b"[" * 20000):
        (folder / "freeze.json").write_bytes(content)
        status = call(command, environment, "freeze", "--status", "-o", "json")
        assert json.loads(status.stdout)["metadata"]["frozen"] is True, status.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["freeze"], 2, "say why"),
        (["freeze", " "], 2, "say why"),
        (["freeze", "x", "--lift"], 2, "say why"),
        (["freeze", "--status", "--lift"], 2, "say why"),
        (["locks", "break"], 2, "needs --id and --reason"),
        (["locks", "break", "--id", "a", "--reason", " "], 2, "needs --id and --reason"),
        (["locks", "break", "--id", "a", "--reason", "x"], 5, "--confirm=a"),
        (["locks", "break", "--id", "a", "--reason", "x", "--confirm=b"], 5, "is not a"),
        (["locks", "break", "--id", "a", "--reason", "x", "--confirm=a"], 5, "nobody holds"),
    ],
)
def test_what_is_refused_says_what_to_type(
    command: list[str], environment: dict[str, str], words: list[str], code: int, said: str
) -> None:
    done = call(command, environment, *words)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_free_places_are_listed(command: list[str], environment: dict[str, str]) -> None:
    done = call(command, environment, "locks", "list", "-o", "json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["kind"] == "LockList"
    assert told["metadata"]["needed"] == 2
    assert {item["state"] for item in told["items"]} == {"free"}
