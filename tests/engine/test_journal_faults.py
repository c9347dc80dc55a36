"""A full disk, or one that fails (B5): no intent, no act; what was done is never only in memory."""

import json
import resource
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from toy_run import facts_of
from toy_world import Toy, ToyClock

from infctl.engine.decisions import Decisions
from infctl.engine.handler import Context
from infctl.engine.journal import FileJournal, read_journal, reserve, spill_path
from infctl.engine.journal.disk import Disk
from infctl.engine.machine import Machine
from infctl.errors import JournalError
from infctl.model.journal import Kind, Record
from infctl.model.plan import Plan
from infctl.model.run import RunState
from infctl.runbooks import failover

RUN = "01run"
_STEPS = {"scale": "scale-ap-south-1", "put": "switch-off"}


class FailingDisk(Disk):
    """Its n-th write and every one after it fails; with room again where the reserve went."""

    def __init__(self, folder: Path, at: int, *, helps: bool, error: str) -> None:
        super().__init__(folder)
        self.left = at
        self.helps = helps
        self.error = error
        self.first_failed: str = ""

    def insert(self, record: Record) -> None:
        self._count(record)
        super().insert(record)

    def mark(self, record: Record) -> None:
        self._count(record)
        super().mark(record)

    def free(self) -> bool:
        found = super().free()
        if found and self.helps:
            self.left = 10_000
        return found

    def _count(self, record: Record) -> None:
        self.left -= 1
        if self.left < 0:
            self.first_failed = self.first_failed or record.kind
            raise JournalError(self.error)


@pytest.fixture(autouse=True)
def _second_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFCTL_SPILL", str(tmp_path / "spill"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir(mode=0o700)
    return tmp_path / "run"


def _open(folder: Path, disk: Disk | None = None, digest: str = "d" * 64) -> FileJournal:
    clock = ToyClock()
    return FileJournal(folder, run=RUN, plan_digest=digest, actor="tester", clock=clock, disk=disk)


async def _plan(toy: Toy) -> Plan:
    facts = await facts_of(toy)
    steps = (
        failover.scale_step(facts, "ap-south-1", 3),
        *failover.steps(facts, "eu-west-1", "test"),
    )
    plan = failover.plan(facts, "eu-west-1", "test")
    return replace(plan, steps=steps)


async def _run(toy: Toy, plan: Plan, journal: FileJournal) -> None:
    if not journal.records():
        journal.append(Kind.PLAN, args=plan.to_json())
    journal.append(Kind.LEASE, args={"pid": 1})
    context = Context(toy.world(), Path("/nowhere"), RUN, "tester", journal.view)
    state, reason = await Machine(plan, journal, context, Decisions()).run()
    journal.append(Kind.HEAD, result={"state": str(state), "reason": reason, "exit": 0})


@pytest.mark.parametrize("error", ["No space left on device", "disk I/O error"])
@pytest.mark.parametrize("helps", [True, False])
async def test_b5_nothing_is_done_after_the_first_intent_that_could_not_be_written(
    tmp_path: Path, helps: bool, error: str
) -> None:
    failures = 0
    for at in range(60):
        folder = tmp_path / f"{helps}{at}"
        folder.mkdir(mode=0o700)
        toy = Toy()
        plan = await _plan(toy)
        bare = _watch(toy, folder)
        disk = FailingDisk(folder, at, helps=helps, error=error)
        journal = _open(folder, disk, plan.digest)
        problem = await _problem(toy, plan, journal)
        journal.close()
        if not disk.first_failed:
            break
        failures += error in problem
        assert bare == []
        # Each act has a record that tells of it, wherever that had to go.
        told = [r for r in read_journal(folder) if r.kind in (Kind.SENT, Kind.UNKNOWN) and r.step]
        assert {r.step for r in told} >= {_STEPS[effect.split()[0]] for effect in toy.effects}
        await _resume(folder, plan, toy)
    # The very last mark may fail with the reserve's room left: nothing is lost then.
    assert failures >= at - 1 >= 20


def _watch(toy: Toy, folder: Path) -> list[str]:
    """The acts for which no step's intent was on disk, or whose intent had its end already."""
    bare: list[str] = []

    def look(what: str) -> None:
        if what.startswith("after "):
            return
        kinds = {r.step: r.kind for r in read_journal(folder) if r.step is not None}
        if not set(kinds.values()) & {Kind.INTENT, Kind.UNKNOWN}:
            bare.append(what)

    toy.hook = look
    return bare


async def _problem(toy: Toy, plan: Plan, journal: FileJournal) -> str:
    try:
        await _run(toy, plan, journal)
    except JournalError as failed:
        return failed.what
    return ""


async def _resume(folder: Path, plan: Plan, toy: Toy) -> None:
    """With room again, the next executor ends the run, each effect there once."""
    journal = _open(folder, digest=plan.digest)
    assert spill_path(RUN) is not None
    assert not spill_path(RUN).exists()  # type: ignore[union-attr]
    if not journal.view().over:
        await _run(toy, plan, journal)
    assert journal.view().state is RunState.COMPLETED
    journal.close()
    assert len(read_journal(folder)) == len(journal.records())
    assert len(toy.effects) == len(set(toy.effects))


def test_b5_the_reserve_is_taken_at_the_start_and_given_back_at_the_end(folder: Path) -> None:
    journal = _open(folder)
    assert (folder / reserve.NAME).stat().st_blocks * 512 >= 1024 * 1024
    journal.close()
    assert not (folder / reserve.NAME).exists()


@pytest.fixture
def short_files() -> Iterator[list[int]]:
    """Sets how large a file may grow; real errors of the kernel, through SQLite and all."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    limit: list[int] = []
    yield limit
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_b5_a_real_write_error_inside_sqlite_spills_what_was_done(
    folder: Path, short_files: list[int], capfd: pytest.CaptureFixture[str]
) -> None:
    del short_files
    journal = _open(folder)
    journal.append(Kind.PLAN, args={"steps": []})
    journal.append(Kind.INTENT, step="a", before={"x": "y" * 2000})
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    size = (folder / "journal.db-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    sent = journal.append(Kind.SENT, step="a", result={"version": "7"})
    done = journal.append(Kind.DONE, step="a", result={"evidence": ["seen"]})
    with pytest.raises(JournalError):
        journal.append(Kind.INTENT, step="b")
    with pytest.raises(JournalError, match="the last records are in"):
        journal.append(Kind.PAUSE, args={"state": "paused_by_failed_step", "reason": ""})
    path = spill_path(RUN)
    assert path is not None
    assert [json.loads(line)["kind"] for line in path.read_text().splitlines()] == [
        *("sent", "done", "pause"),
    ]
    assert read_journal(folder)[2:4] == (sent, done)
    assert path.stat().st_mode & 0o077 == 0
    journal.close()


def test_b5_without_a_second_folder_the_record_stands_in_the_output(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("INFCTL_SPILL")
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    disk = FailingDisk(folder, 4, helps=False, error="No space left on device")
    journal = _open(folder, disk)
    journal.append(Kind.PLAN, args={"steps": []})
    journal.append(Kind.INTENT, step="a")
    with pytest.raises(JournalError, match="nor can the record be kept elsewhere"):
        journal.append(Kind.SENT, step="a", result={"version": "7"})
    printed = capfd.readouterr().err.splitlines()
    assert json.loads(printed[0].removeprefix("record: "))["result"] == {"version": "7"}
    journal.close()


def test_b5_a_read_only_journal_is_one_clear_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(_: Path) -> sqlite3.Connection:
        raise sqlite3.OperationalError("attempt to write a readonly database")

    monkeypatch.setattr("infctl.engine.journal.disk.connect", read_only)
    with pytest.raises(JournalError, match="readonly") as failed:
        _open(folder)
    assert failed.value.exit_code == 74


def test_b5_a_spill_that_others_could_have_written_is_not_used(
    folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "spill").mkdir()
    (tmp_path / "spill").chmod(0o777)
    disk = FailingDisk(folder, 4, helps=False, error="No space left on device")
    journal = _open(folder, disk)
    journal.append(Kind.PLAN, args={"steps": []})
    journal.append(Kind.INTENT, step="a")
    with pytest.raises(JournalError, match="not a folder of ours alone"):
        journal.append(Kind.SENT, step="a")
    assert list((tmp_path / "spill").iterdir()) == []
    journal.close()


def test_b5_a_spill_of_another_journal_is_noticed(folder: Path) -> None:
    disk = FailingDisk(folder, 4, helps=False, error="No space left on device")
    journal = _open(folder, disk)
    journal.append(Kind.PLAN, args={"steps": []})
    journal.append(Kind.INTENT, step="a")
    journal.append(Kind.SENT, step="a")
    path = spill_path(RUN)
    assert path is not None
    record = json.loads(path.read_text())
    record["prev"] = "f" * 64
    path.write_text(json.dumps(record, sort_keys=True, separators=(",", ":")) + "\n")
    with pytest.raises(JournalError, match="do not follow the journal"):
        read_journal(folder)
    journal.close()
