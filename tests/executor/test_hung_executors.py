"""An executor that lives and does nothing is said to be silent, with a way on that works."""

import asyncio
import contextlib
import json
import os
import signal
import time
from pathlib import Path

import pytest
from twelve_steps import Runs, begun, executor_of, runs

from infctl.commands.run import run as run_command
from infctl.errors import Exit
from infctl.executor import control, living, watch
from infctl.executor.folders import run_lock
from infctl.model.run import RunState

__all__ = ["runs"]


@pytest.fixture
def hung(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> str:
    """A run whose executor was stopped, and not heard for a second."""
    monkeypatch.setenv("TOY_PACE", "10")
    monkeypatch.setattr(control, "_DEADLINE", 0.3)
    monkeypatch.setattr(control, "_HUNG", 0.3)
    run = runs.launch()
    runs.wait(run, lambda view: begun(view) > 1)
    os.kill(executor_of(run), signal.SIGSTOP)
    monkeypatch.setattr(living, "SILENT", 1.2)
    runs.wait(run, lambda view: view.state is RunState.IN_DOUBT)
    return run


def test_a_hung_executor_is_named_with_the_command_that_ends_it(
    hung: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pid = executor_of(hung)
    silent = f"its executor (pid {pid} on this host) was not heard for"
    for verb in ("pause", "resume", "undo"):
        assert run_command(["runs", verb, hung]) == Exit.UNDECIDED
        said = capsys.readouterr().err
        assert silent in said
        following = "undo" if verb == "undo" else "resume"
        assert f"kill -9 {pid}, then infctl runs {following} {hung}" in said
    assert run_command(["runs", "abandon", hung, "--reason", "x"]) == Exit.REFUSED
    assert f"kill -9 {pid}, then infctl runs resume {hung}" in capsys.readouterr().err
    assert run_command(["runs", "show", hung]) == Exit.DONE
    shown = capsys.readouterr().out
    assert silent in shown
    assert f"next: kill -9 {pid}\nnext: infctl runs resume {hung}" in shown
    assert run_command(["runs", "list"]) == Exit.DONE
    listed = capsys.readouterr()
    assert "in_doubt" in listed.out
    assert silent in listed.err


def test_what_is_said_to_do_carries_the_run_on(hung: str, runs: Runs) -> None:
    os.kill(executor_of(hung), signal.SIGKILL)
    assert run_command(["runs", "resume", hung]) == Exit.DONE
    assert watch.read_run(hung).state is RunState.COMPLETED
    assert runs.effects() == runs.planned()


async def test_whoever_watches_is_told_once_and_watches_on(hung: str) -> None:
    told = set()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(2):
            async for view in watch.follow(hung):
                told.add((view.state, view.reason))
    ((state, reason),) = told
    assert state is RunState.IN_DOUBT
    assert reason.endswith(f"kill -9 {executor_of(hung)} ends it")


def test_an_executor_that_goes_on_is_running_again(hung: str, runs: Runs) -> None:
    os.kill(executor_of(hung), signal.SIGCONT)
    runs.wait(hung, lambda view: view.state is not RunState.IN_DOUBT)


def test_a_paused_run_says_that_its_executor_is_silent(
    runs: Runs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = runs.launch()
    runs.wait(run, lambda view: begun(view) > 1)
    assert run_command(["runs", "pause", run]) == Exit.DONE
    runs.wait(run, lambda view: view.state is RunState.PAUSED_BY_OPERATOR)
    os.kill(executor_of(run), signal.SIGSTOP)
    monkeypatch.setattr(living, "SILENT", 1.2)
    view = runs.wait(run, lambda view: "not heard" in " ".join(view.notes))
    assert view.state is RunState.PAUSED_BY_OPERATOR
    capsys.readouterr()
    assert run_command(["runs", "list"]) == Exit.DONE
    assert "not heard for" in capsys.readouterr().err
    assert run_command(["runs", "show", run, "-o", "json"]) == Exit.DONE
    assert "not heard" in json.loads(capsys.readouterr().out)["items"][0]["notes"][-1]


@pytest.mark.parametrize(
    ("content", "pid"),
    [
        ("{pid}@{host} {started}", True),
        ("{pid}@{host} 1", False),
        ("{pid}@elsewhere {started}", False),
        ("1@{host} {started}", False),
        ("{pid}@{host}", False),
        ("ada@{host}", False),
        ("", False),
    ],
)
def test_no_process_is_named_but_the_very_one_that_has_the_run(
    tmp_path: Path, content: str, pid: bool
) -> None:
    me, place = living.identity().split(" ")[0].split("@")
    started = living.identity().split(" ")[1]
    lock = run_lock(tmp_path)
    assert lock.acquire(content.format(pid=me, host=place, started=started))
    found = living.executor_of(tmp_path)
    assert found is not None
    assert found.pid == (int(me) if pid else 0)
    assert found.is_silent is False
    lock.release()
    assert living.executor_of(tmp_path) is None


def test_a_holder_that_leaves_no_beat_is_not_called_silent(tmp_path: Path) -> None:
    lock = run_lock(tmp_path)
    assert lock.acquire("17@host-of-an-earlier-release")
    os.utime(tmp_path / "executor.lock", (time.time() - 99,) * 2)
    found = living.executor_of(tmp_path)
    assert found == living.Executor()
    lock.release()
