"""Features 31 and B32: what is asked of a run takes effect within its second, and is journalled."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from twelve_steps import IS_WHOLE, ROOT, Runs, begun, deciding_steps, executor_of, runs

from infctl.commands.run import run as run_command
from infctl.engine.journal import read_journal
from infctl.errors import Exit
from infctl.executor import watch
from infctl.executor.folders import find_folder
from infctl.model.journal import Kind
from infctl.model.run import RunState, RunView, StepState

SLACK = 0.0 if IS_WHOLE else 3.0
"""Machines that test much else need longer than the row's number."""
__all__ = ["runs"]


def _written(run: str, kind: Kind, words: str) -> bool:
    records = read_journal(find_folder(run))
    return any(r.kind == kind and words in f"{r.args} {r.result}" for r in records)


@pytest.mark.parametrize(
    ("verb", "kind", "words"),
    [
        ("pause", Kind.PAUSE, "pausing"),
        ("undo", Kind.RESUME, "undo"),
        ("stop", Kind.RESUME, "stop"),
    ],
)
def test_features_31_a_verb_is_in_the_journal_within_a_second(
    runs: Runs, verb: str, kind: Kind, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run = runs.launch()
    runs.wait(run, lambda view: begun(view) >= 2)
    began = time.monotonic()
    assert run_command(["runs", verb, run, "-o", "json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)["items"]
    assert (told["name"], told["decision"]) == (run, verb)
    while not _written(run, kind, words):
        assert time.monotonic() - began <= 1.0 + SLACK
        time.sleep(0.02)
    if verb == "pause":
        runs.wait(run, _is_paused)
        count = begun(watch.read_run(run))
        assert run_command(["runs", "resume", run, "--timeout", "60"]) == 0
        assert count < 12
        assert runs.effects() == runs.planned()


def test_features_31_decisions_about_steps_take_effect_within_a_second(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOY_PACE", "40")
    run = runs.launch(deciding_steps())
    runs.wait(run, _has_failed("s01", 1))
    _takes(run, ["retry", run], Kind.RESUME, "'decision': 'retry'")
    runs.wait(run, _has_failed("s01", 2))
    _takes(run, ["skip", run, "--reason", "not needed"], Kind.SKIP, "not needed", StepState.SKIPPED)
    runs.wait(run, _has_failed("s02", 1))
    words = ["ungraceful", run, "--reason", "no time", "--yes"]
    _takes(run, words, Kind.SKIP, "gone on ungracefully", StepState.SKIPPED, "s02")
    runs.wait(run, lambda view: view.state is RunState.WAITING_FOR_APPROVAL)
    _takes(run, ["answer", run, "yes"], Kind.APPROVE, "'answer': 'yes'")
    runs.wait(run, lambda view: view.step("s04").state is StepState.RUNNING, 1.0 + SLACK)
    _takes(run, ["pause", run], Kind.PAUSE, "pausing")
    runs.wait(run, _is_paused)
    began = time.monotonic()
    assert run_command(["runs", "resume", run, "--timeout", "1"]) == Exit.TIMEOUT
    # It watches for its second once it was heard.
    assert time.monotonic() - began <= 1.0 + 1.0 + SLACK
    assert _written(run, Kind.RESUME, "'decision': 'resume'")
    runs.wait(run, lambda view: view.step("s05").state is StepState.RUNNING, 1.0 + SLACK)


def _has_failed(step: str, attempts: int) -> Callable[[RunView], bool]:
    """Whether the run waits because of a step that was tried so often."""

    def is_there(view: RunView) -> bool:
        is_waiting = view.state is RunState.PAUSED_BY_FAILED_STEP
        return is_waiting and view.step(step).attempt == attempts

    return is_there


def _takes(
    run: str,
    words: list[str],
    kind: Kind,
    said: str,
    state: StepState | None = None,
    step: str = "s01",
) -> None:
    """The command returns within its second, and what it asked for is written by then."""
    began = time.monotonic()
    assert run_command(["runs", *words]) == Exit.DONE
    assert time.monotonic() - began <= 1.0 + SLACK, words
    assert _written(run, kind, said), words
    assert state is None or watch.read_run(run).step(step).state is state


def _is_paused(view: RunView) -> bool:
    return view.state is RunState.PAUSED_BY_OPERATOR


def test_b32_a_freeze_by_the_command_line_alone_stops_a_run_within_two_seconds(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOY_PACE", "16")
    run = runs.launch()
    runs.wait(run, lambda view: begun(view) >= 2)
    words = ["--platform", "/nowhere.yaml", "freeze", "wrong region"]
    subprocess.run([sys.executable, "-m", "infctl", *words], capture_output=True, cwd=ROOT)
    began = time.monotonic()
    view = runs.wait(run, _is_paused, 2.0 + SLACK)
    assert time.monotonic() - began <= 2.0 + SLACK
    assert "wrong region" in view.reason
    effects = runs.effects()
    assert len(effects) < 12
    # One that is started anew obeys as well, whatever it is asked.
    monkeypatch.setenv("TOY_PACE", "1")
    os.kill(executor_of(run), signal.SIGKILL)
    run_command(["runs", "resume", run, "--timeout", "2"])
    runs.wait(run, _is_paused)
    assert runs.effects() == effects
    assert run_command(["--platform", "/nowhere.yaml", "freeze", "--lift", "--yes"]) == 6
    assert run_command(["runs", "resume", run, "--timeout", "60"]) == 0
    assert runs.effects() == runs.planned()
