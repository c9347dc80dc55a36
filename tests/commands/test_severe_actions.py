"""What moves traffic wants a reason and its target's name, and shows first what it would do."""

import contextlib
import json
import os
import pty
import subprocess
import sys
import time

import pytest
from test_moving_traffic import REGION, ROOT
from toy_command import call, command, environment

from infctl.commands import planning
from infctl.commands.output import Output
from infctl.model.outcome import Outcome, Word
from infctl.model.plan import GuardResult, Plan
from infctl.model.proposal import Proposal

__all__ = ["command", "environment"]


class Terminal:
    """A command on a terminal of its own: what it shows, and what is typed."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self.shown = ""
        self._ours, theirs = pty.openpty()
        self._process = subprocess.Popen(
            command, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)

    def answer(self, prompt: str, text: str) -> str:
        """Wait for the prompt, type, and return what was shown until then."""
        begun, deadline = len(self.shown), time.monotonic() + 30
        while prompt not in self.shown[begun:]:
            assert time.monotonic() < deadline, self.shown
            self.shown += os.read(self._ours, 4096).decode()
        before = self.shown[begun:]
        os.write(self._ours, f"{text}\n".encode())
        return before

    def leave(self) -> int:
        """How it ended."""
        # It is an error to read once nobody has the terminal any more.
        with contextlib.suppress(OSError):
            while chunk := os.read(self._ours, 4096):
                self.shown += chunk.decode()
        os.close(self._ours)
        return self._process.wait(30)


@pytest.mark.parametrize(
    ("words", "code"),
    [((f"--confirm={REGION}",), 2), ((f"--confirm={REGION}", "--reason", " "), 2), ((), 5)],
)
def test_a_failover_without_a_reason_says_the_line_to_type(
    command: list[str], environment: dict[str, str], words: tuple[str, ...], code: int
) -> None:
    done = call(command, environment, "failover", REGION, *words)
    assert done.returncode == code, done.stderr
    assert f"infctl failover {REGION} --confirm={REGION} --reason WHY" in done.stderr


def test_on_a_terminal_the_reason_is_asked_and_the_plan_is_shown_before_the_name(
    command: list[str], environment: dict[str, str]
) -> None:
    terminal = Terminal([*command, "failover", REGION], environment)
    terminal.answer("reason> ", "bad power")
    before = terminal.answer("leave.\r\n> ", "another region")
    assert f"Type {REGION}" in before
    for words in ("in lab", "Blast radius:", "Guards:", "switch-off"):
        assert words in before
    assert terminal.leave() == 5
    assert "not confirmed" in terminal.shown


def test_a_drill_in_production_wants_a_reason_as_well(environment: dict[str, str]) -> None:
    words = ("--env", "prod", "drill", "failover", "--region", REGION, f"--confirm={REGION}")
    platform = ROOT / "platform.yaml"
    command = [sys.executable, "-m", "infctl", "--platform", str(platform)]
    done = call(command, environment, *words)
    assert done.returncode == 2, done.stderr
    assert f"drill failover --region {REGION} --confirm={REGION} --reason WHY" in done.stderr


def judged(**words: Word) -> Proposal:
    results = (GuardResult(name, Outcome(word, ("so it is",))) for name, word in words.items())
    return Proposal(Plan("failover", "move", "lab", ()), tuple(results))


@pytest.mark.parametrize(
    ("named", "code", "reasons"),
    [
        ({"capacity"}, 5, {"capacity": "fire", "regions_on": None, "residency": None}),
        ({"capacity", "residency", "regions_on"}, 0, {"capacity": "fire", "residency": "fire"}),
        (set(), 5, {"capacity": None, "regions_on": None}),
    ],
)
def test_a_dry_run_shows_what_a_reason_overrides_and_leaves_as_the_run_would_begin(
    capsys: pytest.CaptureFixture[str], named: set[str], code: int, reasons: dict[str, str | None]
) -> None:
    words = {"regions_on": Word.PASSED, "capacity": Word.FAILED, "residency": Word.ERRORED}
    prepared, overridden = judged(**words), frozenset(named)
    assert planning.dry_run_code(prepared, overridden) == code
    planning.show_plan(prepared, Output.JSON, overridden, "fire")
    guards = json.loads(capsys.readouterr().out)["items"][0]["guards"]
    told = {guard["guard"]: guard["overridden"] for guard in guards}
    assert reasons.items() <= told.items()
    planning.show_plan(prepared, Output.TABLE, overridden, "fire")
    rows = capsys.readouterr().out.split("Guards:")[1].splitlines()
    is_said = "  overridden   capacity: so it is; failed, overridden: fire" in rows
    assert is_said is ("capacity" in named)


def test_a_freeze_is_overridden_by_no_reason() -> None:
    assert planning.dry_run_code(judged(freeze=Word.FAILED), frozenset({"freeze"})) == 5


def test_a_run_that_is_left_alone_is_told_in_the_form_that_was_asked_for(
    command: list[str], environment: dict[str, str]
) -> None:
    words = ("failover", REGION, f"--confirm={REGION}", "--reason", "x", "--detach")
    told = json.loads(call(command, environment, *words, "-o", "json").stdout)
    assert told["kind"] == "Run"
    run = told["items"][0]["name"]
    attached = call(command, environment, "runs", "attach", run, "-o", "name")
    assert attached.stdout == f"run/{run}\n"


def test_verbs_take_a_runs_name_as_lists_print_it(
    command: list[str], environment: dict[str, str]
) -> None:
    words = ("failover", REGION, f"--confirm={REGION}", "--reason", "x", "-o", "name")
    name = call(command, environment, *words).stdout.strip()
    assert name.startswith("run/")
    for verb in (("show",), ("attach",), ("export",)):
        done = call(command, environment, "runs", *verb, name)
        assert done.returncode == 0, done.stderr
        assert name.removeprefix("run/") in done.stdout
    missing = call(command, environment, "runs", "show", f"run/{'0' * 26}")
    assert f"run/{'0' * 26}" not in missing.stderr


def test_a_choice_that_is_missing_is_said_without_tabs(
    command: list[str], environment: dict[str, str]
) -> None:
    done = call(command, environment, "completion")
    assert done.returncode == 2
    assert "bash, zsh, fish, powershell" in done.stderr
    assert "u{9}" not in done.stderr
