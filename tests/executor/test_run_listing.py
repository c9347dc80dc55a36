"""What lists and single runs show of journals that are over, spilled, damaged or senseless."""

import logging
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "engine"))

from toy_world import ToyClock

from infctl.commands.run import run as run_command
from infctl.engine.journal import FileJournal, spill_path
from infctl.engine.journal.spill import append_line
from infctl.errors import Exit
from infctl.executor import folders, log, watch
from infctl.model.journal import Kind
from infctl.model.plan import Operation, Plan, Step
from infctl.model.run import RunState

PLAN = Plan("waits", "waits", "lab", (Step("wait", Operation("wait_until", {})),))
RUNS = int(os.environ.get("INFCTL_LISTED_RUNS", "60"))
"""The whole number is 5,000: listing takes 0.3 s, all of them 3 s (docs/benchmarks.md)."""


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("INFCTL_SPILL", str(tmp_path / "spill"))


def _run(*, over: bool = True, plan: object = None) -> tuple[str, Path]:
    run = folders.new_run_id()
    folder = folders.make_folder(run)
    journal = FileJournal(
        folder, run=run, plan_digest=PLAN.digest, actor="tester", clock=ToyClock()
    )
    journal.append(Kind.PLAN, args=PLAN.to_json() if plan is None else plan)
    journal.append(Kind.LEASE, args={"pid": 1})
    journal.append(Kind.INTENT, step="wait", attempt=1)
    journal.append(Kind.DONE, step="wait", result={"evidence": ["seen"]})
    if over:
        journal.append(Kind.HEAD, result={"state": "completed", "reason": "", "exit": 0})
    journal.close()
    return run, folder


def test_b34_a_list_of_runs_that_are_over_reads_no_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [_run()[0] for _ in range(RUNS)]
    whole = [watch.read_run(name) for name in names[:3]]

    def never(_: Path) -> object:
        raise AssertionError("a journal was read")

    monkeypatch.setattr("infctl.executor.watch.read_journal", never)
    began = time.monotonic()
    shown = watch.list_runs(100)
    assert time.monotonic() - began < 5
    assert len(shown) == min(RUNS, 100)
    assert watch.count_runs() == RUNS
    assert watch.unfinished_runs("lab") == {}
    assert watch.latest_run() == max(names)
    known = {view.run: view for view in watch.list_runs()}
    for view in whole:
        found = known[view.run]
        assert (found.state, found.started, found.ended) == (view.state, view.started, view.ended)
        assert (found.actor, found.plan, found.result) == (view.actor, view.plan, view.result)


def test_the_list_says_how_many_older_runs_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        _run()
    assert run_command(["runs", "list", "--limit", "2"]) == 0
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 3
    assert "1 older runs are not shown" in printed.err


def test_a_run_that_is_not_over_is_read_from_its_journal() -> None:
    run, _ = _run(over=False)
    assert [view.state for view in watch.list_runs()] == [RunState.IN_DOUBT]
    assert list(watch.unfinished_runs("lab")) == [run]


def test_b5_a_run_names_the_file_that_its_last_records_went_to(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run, folder = _run(over=False)
    journal = FileJournal(
        folder, run=run, plan_digest=PLAN.digest, actor="tester", clock=ToyClock()
    )
    path = spill_path(run)
    assert path is not None
    head = journal.append(Kind.FAILED, result={"evidence": ["no room"]})
    journal.close()
    append_line(path, head.canonical)
    assert run_command(["runs", "show", run]) == Exit.DONE
    assert f"its last records are in {path}" in "".join(capsys.readouterr())


def test_b4_a_damaged_journal_puts_the_run_in_doubt() -> None:
    run, folder = _run()
    (folder / "mark").write_bytes(b"0" * 86)
    (view,) = watch.list_runs()
    assert view.state is RunState.IN_DOUBT
    assert "does not verify" in view.reason
    assert list(watch.unfinished_runs("lab")) == [run]


@pytest.mark.parametrize("plan", [[], {"steps": 1}, "x", 7, {"steps": [{"id": 1}]}])
def test_a_journal_that_makes_no_sense_is_in_doubt_and_no_traceback(plan: object) -> None:
    run, _ = _run(plan=plan)
    assert watch.read_run(run).state is RunState.IN_DOUBT
    for words in (["show", run], ["list"], ["attach", run], ["export", run]):
        assert run_command(["runs", *words]) != Exit.BUG


PROGRAM = """
import logging, sys
from pathlib import Path
from infctl.executor.log import CappedLog
handler = CappedLog(Path(sys.argv[1]), 4000)
logging.basicConfig(handlers=[handler], level=logging.INFO)
for number in range(200):
    logging.info("line %d %s", number, "x" * 60)
print("a library's own line", file=sys.stderr)
"""


def test_b34_the_log_keeps_its_size_and_its_last_lines(tmp_path: Path) -> None:
    with (tmp_path / log.LOG).open("a") as file:
        words = [sys.executable, "-c", PROGRAM, str(tmp_path)]
        subprocess.run(words, stdout=file, stderr=file, check=True)
    sizes = [(tmp_path / name).stat().st_size for name in (log.LOG, log.OLDER)]
    assert max(sizes) < 4200
    assert "line 199" in (tmp_path / log.LOG).read_text()
    assert watch.log_tail(tmp_path, 1) == ["a library's own line"]
    assert (tmp_path / log.LOG).stat().st_mode & 0o077 == 0


def test_a_log_that_is_not_the_runs_is_left_alone(tmp_path: Path) -> None:
    handler = log.CappedLog(tmp_path, 0)
    handler.emit(logging.LogRecord("x", logging.INFO, "", 0, "a line", None, None))
    assert list(tmp_path.iterdir()) == []
