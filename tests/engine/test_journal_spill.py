"""Records that went elsewhere: what is read with them, and how they come back."""

from pathlib import Path

import pytest
from journal_chains import chain, lines
from toy_world import ToyClock

from infctl.engine.journal import FileJournal, adopt_records, read_ends, read_journal
from infctl.engine.journal.disk import Disk
from infctl.engine.journal.reading import check_joined
from infctl.engine.journal.spill import append_line, join
from infctl.engine.journal.verification import mark_of
from infctl.errors import JournalError
from infctl.model.journal import Kind, Record

THREE = chain(Kind.PLAN, Kind.INTENT, Kind.SENT)
OTHER = chain(Kind.UNKNOWN, Kind.PAUSE, after=THREE[:1])
"""Goes another way from the second record on."""
FOREIGN = chain(Kind.PLAN, Kind.PAUSE, run="02run")


class SpiedDisk(Disk):
    """Tells what it was asked to do; the writes in `fails` fail, once each."""

    def __init__(self, folder: Path, *fails: str) -> None:
        super().__init__(folder)
        self.calls: list[str] = []
        self.fails = list(fails)

    def insert(self, record: Record) -> None:
        self._note(f"insert {record.seq}")
        super().insert(record)

    def mark(self, record: Record) -> None:
        self._note(f"mark {record.seq}")
        super().mark(record)

    def cut(self, seq: int) -> None:
        self._note(f"cut {seq}")
        super().cut(seq)

    def free(self) -> bool:
        self._note("free")
        return super().free()

    def _note(self, call: str) -> None:
        self.calls.append(call)
        if call in self.fails:
            self.fails.remove(call)
            raise JournalError("disk full")


@pytest.fixture(autouse=True)
def second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INFCTL_SPILL", str(tmp_path / "spill"))
    return tmp_path / "spill" / "01run.jsonl"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir(mode=0o700)
    return tmp_path / "run"


def _open(folder: Path, disk: Disk | None = None) -> FileJournal:
    clock = ToyClock()
    digest = "d" * 64
    return FileJournal(
        folder, run="01run", plan_digest=digest, actor="tester", clock=clock, disk=disk
    )


def _spill(path: Path, records: tuple[Record, ...]) -> None:
    for record in records:
        append_line(path, record.canonical)


@pytest.mark.parametrize(
    ("own", "later", "marked", "joined"),
    [
        (THREE[:2], (), 2, THREE[:2]),
        ((), THREE, 0, ()),
        (THREE[:1], FOREIGN, 1, THREE[:1]),
        (THREE[:2], THREE[2:], 2, THREE),
        (THREE[:2], OTHER, 1, (THREE[0], *OTHER)),
        (THREE, OTHER, 1, (THREE[0], *OTHER)),
        (THREE[:2], (OTHER[0], THREE[2]), 2, THREE),
        (THREE[:1], (FOREIGN[0], OTHER[0]), 0, THREE[:1]),
        (THREE[:1], THREE, 0, THREE),
        (THREE[:2], THREE[1:], 2, THREE),
    ],
)
def test_a_spill_counts_behind_what_was_acknowledged(
    own: tuple[Record, ...], later: tuple[Record, ...], marked: int, joined: tuple[Record, ...]
) -> None:
    assert tuple(join(list(own), later, marked)) == joined


def test_a_first_record_is_never_replaced() -> None:
    first = chain(Kind.LEASE)
    assert join(list(THREE[:1]), first, 0) == [THREE[0]]


def test_the_mark_says_where_a_spill_begins_to_count(second: Path) -> None:
    _spill(second, (OTHER[0], THREE[2]))
    assert check_joined(list(THREE[:2]), mark_of(THREE[1])) == THREE
    with pytest.raises(JournalError, match="do not follow") as failed:
        check_joined(list(THREE[:2]), mark_of(THREE[0]))
    assert failed.value.what == (
        f"the records in {second} do not follow the journal: "
        "record 3 does not follow the one before it"
    )
    assert failed.value.unchanged == "the run is in doubt and is not resumed by itself"


def test_a_spill_is_read_behind_a_journal_that_has_no_mark_yet(second: Path) -> None:
    _spill(second, THREE[1:])
    assert check_joined(list(THREE[:1]), b"") == THREE
    assert check_joined([], b"") == ()


def test_spilled_records_come_back_behind_the_journals_own(folder: Path, second: Path) -> None:
    adopt_records(folder, THREE[:1])
    _spill(second, THREE[1:])
    disk = SpiedDisk(folder)
    journal = _open(folder, disk)
    assert journal.records() == THREE
    assert disk.calls == ["insert 2", "mark 2", "insert 3", "mark 3"]
    assert not second.exists()
    journal.close()
    assert read_journal(folder) == THREE


def test_a_row_that_nobody_was_told_of_gives_way_to_the_spill(folder: Path, second: Path) -> None:
    adopt_records(folder, THREE[:1])
    disk = SpiedDisk(folder)
    disk.insert(THREE[1])
    disk.close()
    _spill(second, OTHER[:1])
    disk = SpiedDisk(folder)
    journal = _open(folder, disk)
    assert disk.calls == ["cut 2", "insert 2", "mark 2"]
    journal.close()
    assert read_journal(folder) == (THREE[0], OTHER[0])
    assert not second.exists()


@pytest.mark.parametrize("stale", [THREE[1:2], FOREIGN])
def test_a_spill_that_adds_nothing_is_left_alone(
    folder: Path, second: Path, stale: tuple[Record, ...]
) -> None:
    adopt_records(folder, THREE)
    _spill(second, stale)
    disk = SpiedDisk(folder)
    journal = _open(folder, disk)
    assert (journal.records(), disk.calls) == (THREE, [])
    assert second.read_text() == lines(stale)
    journal.close()


def test_what_was_done_is_spilled_and_stays_in_memory(folder: Path, second: Path) -> None:
    disk = SpiedDisk(folder, "insert 2")
    disk.free = lambda: False  # type: ignore[method-assign]
    journal = _open(folder, disk)
    plan = journal.append(Kind.PLAN)
    sent = journal.append(Kind.SENT, step="a")
    done = journal.append(Kind.DONE, step="a")
    assert journal.records() == (plan, sent, done)
    assert second.read_text() == lines((sent, done))
    with pytest.raises(JournalError) as failed:
        journal.append(Kind.INTENT, step="b")
    assert failed.value.what == "disk full"
    assert failed.value.unchanged == "nothing was done after the last record"
    with pytest.raises(JournalError) as failed:
        journal.append(Kind.HEAD)
    assert failed.value.what == f"disk full; the last records are in {second}"
    assert [r.kind for r in journal.records()] == ["plan", "sent", "done", "head"]
    assert read_ends(folder) is None
    assert not (folder / "ends.jsonl").exists()
    assert disk.calls == ["insert 1", "mark 1", "insert 2"]
    journal.close()


def test_without_a_second_folder_what_was_done_stays_in_memory(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("INFCTL_SPILL")
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    disk = SpiedDisk(folder, "insert 2")
    disk.free = lambda: False  # type: ignore[method-assign]
    journal = _open(folder, disk)
    journal.append(Kind.PLAN)
    with pytest.raises(JournalError) as failed:
        journal.append(Kind.SENT, step="a")
    assert failed.value.what == (
        "disk full; nor can the record be kept elsewhere: no second folder: set INFCTL_SPILL"
    )
    assert failed.value.unchanged == "the record stands in the executor's output"
    assert failed.value.hint == "df; free room on the disk, then infctl runs resume"
    assert capfd.readouterr() == ("", f"record: {journal.records()[1].canonical}\n")
    assert [r.kind for r in journal.records()] == ["plan", "sent"]
    with pytest.raises(JournalError):
        journal.append(Kind.DONE, step="a")
    assert disk.calls == ["insert 1", "mark 1", "insert 2"]
    journal.close()


def test_an_intent_without_room_is_one_clear_error(folder: Path) -> None:
    disk = SpiedDisk(folder, "insert 2")
    journal = _open(folder, disk)
    journal.append(Kind.PLAN)
    with pytest.raises(JournalError) as failed:
        journal.append(Kind.INTENT, step="a")
    assert (failed.value.what, failed.value.unchanged, failed.value.hint) == (
        "disk full",
        "nothing was done after the last record",
        "df; free room on the disk, then infctl runs resume",
    )
    assert disk.calls == ["insert 1", "mark 1", "insert 2"]
    journal.close()


_BEGUN = ["insert 1", "mark 1"]


@pytest.mark.parametrize(
    ("fails", "calls"),
    [
        (["insert 2"], ["insert 2", "free", "insert 2", "mark 2", "insert 3", "mark 3"]),
        (["mark 2"], ["insert 2", "mark 2", "free", "mark 2", "insert 3", "mark 3"]),
        (
            ["mark 2", "mark 2"],
            ["insert 2", "mark 2", "free", "mark 2", "mark 2", "insert 3", "mark 3"],
        ),
        (
            ["insert 2", "mark 2"],
            ["insert 2", "free", "insert 2", "mark 2", "mark 2", "insert 3", "mark 3"],
        ),
    ],
)
def test_with_the_reserves_room_each_record_is_marked_before_the_next(
    folder: Path, second: Path, fails: list[str], calls: list[str]
) -> None:
    disk = SpiedDisk(folder, *fails)
    journal = _open(folder, disk)
    journal.append(Kind.PLAN)
    journal.append(Kind.SENT, step="a")
    journal.append(Kind.DONE, step="a")
    assert disk.calls == [*_BEGUN, *calls]
    assert not second.exists()
    with pytest.raises(JournalError) as failed:
        journal.append(Kind.PAUSE)
    assert failed.value.what == "disk full"
    journal.close()
    assert read_journal(folder) == journal.records()
    assert [r.seq for r in journal.records()] == [1, 2, 3, 4]


def test_an_intent_whose_mark_failed_is_marked_before_the_next_record(folder: Path) -> None:
    disk = SpiedDisk(folder, "mark 3")
    journal = _open(folder, disk)
    journal.append(Kind.PLAN)
    journal.append(Kind.LEASE)
    with pytest.raises(JournalError):
        journal.append(Kind.INTENT, step="a")
    journal.append(Kind.UNKNOWN, step="a")
    assert disk.calls[4:] == ["insert 3", "mark 3", "mark 3", "insert 4", "mark 4"]
    journal.close()
