"""What is read of a journal and believed: its rows, its mark, its ends, and who wrote them."""

import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from journal_chains import chain
from journal_folder import DOUBT, SETTLE, THREE, folder, no_second_folder, open_journal

from infctl.engine.journal import (
    JournalReader,
    adopt_records,
    is_over,
    read_ends,
    read_journal,
    storage,
)
from infctl.engine.journal.ends import NAME, Ends, write_ends
from infctl.engine.journal.limits import STOP_AT, is_warned_at, refusal
from infctl.engine.journal.storage import (
    check_files,
    connect,
    read_mark,
)
from infctl.engine.journal.verification import check, check_mark, mark_of, parse_rows
from infctl.errors import JournalError, Refused
from infctl.model.journal import Kind, Record
from infctl.model.plan import Operation, Plan, Step
from infctl.model.run import RunView

__all__ = ["folder", "no_second_folder"]


def _full(*_: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("records", "mark", "problem"),
    [
        (THREE[:0], b"", ""),
        (THREE[:1], b"", ""),
        (THREE[:2], b"", "the high-water mark is missing"),
        (THREE, mark_of(THREE[2]), ""),
        (THREE, mark_of(THREE[1]), ""),
        (THREE, mark_of(THREE[0]), "the high-water mark belongs to another journal"),
        (THREE[:2], mark_of(THREE[2]), "records after 2 are lost, 3 were written"),
        (THREE, mark_of(THREE[2])[:-1], "the high-water mark cannot be read"),
        (THREE, mark_of(THREE[2]) + b"\n", "the high-water mark cannot be read"),
        (THREE, b"x" * 86, "the high-water mark cannot be read"),
        (THREE, b"0" * 20 + b" " + b"\xff" * 64 + b"\n", "the high-water mark cannot be read"),
        (THREE, mark_of(replace(THREE[0], seq=0)), "the high-water mark cannot be read"),
        (
            THREE,
            mark_of(chain(Kind.LEASE)[0]),
            "the high-water mark belongs to another journal",
        ),
        (
            THREE[:1],
            mark_of(chain(Kind.LEASE)[0]),
            "the high-water mark belongs to another journal",
        ),
    ],
)
def test_the_mark_is_of_the_last_record_or_the_one_before(
    records: tuple[Record, ...], mark: bytes, problem: str
) -> None:
    assert check_mark(records, mark) == problem
    if not problem:
        assert check(records, mark) == records
        return
    with pytest.raises(JournalError) as failed:
        check(records, mark)
    assert (failed.value.what, failed.value.unchanged, failed.value.hint) == (
        f"the journal does not verify: {problem}",
        DOUBT,
        SETTLE,
    )


def test_a_row_that_is_not_what_was_written_is_named() -> None:
    first, second, _ = (record.canonical for record in THREE)
    assert parse_rows([first, second]) == list(THREE[:2])
    table: list[tuple[list[Any], int, str]] = [
        ([first, second.replace(",", ", ")], 1, "row 2 was changed"),
        ([first + " "], 7, "row 7 was changed"),
        ([first, "[]"], 1, "row 2: not a journal record"),
        ([None], 4, "row 4: "),
    ]
    for rows, start, problem in table:
        with pytest.raises(JournalError) as failed:
            parse_rows(rows, start)
        assert failed.value.what.startswith(f"the journal does not verify: {problem}")


def test_a_reader_counts_on_and_begins_where_it_ended(folder: Path) -> None:
    reader = JournalReader(folder)
    journal = open_journal(folder)
    written: list[Record] = []
    for _ in range(3):
        written += [journal.append(Kind.OBSERVED), journal.append(Kind.OBSERVED)]
        assert reader.fresh() == written[-2:]
    reader.close()
    reader.close()
    last = journal.append(Kind.PAUSE)
    assert reader.fresh() == [last]
    journal.close()
    db = connect(folder)
    with db:
        db.execute("INSERT INTO records VALUES (8, 'nothing')")
    db.close()
    with pytest.raises(JournalError, match="does not verify: row 8: "):
        reader.fresh()
    reader.close()


def _error(kind: type[sqlite3.Error], text: str, code: int) -> sqlite3.Error:
    error = kind(text)
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("error", "is_unborn"),
    [
        (_error(sqlite3.OperationalError, "x", sqlite3.SQLITE_READONLY_ROLLBACK), True),
        (_error(sqlite3.OperationalError, "no such table: records", sqlite3.SQLITE_ERROR), True),
        (_error(sqlite3.OperationalError, "disk I/O error", sqlite3.SQLITE_IOERR), False),
        (_error(sqlite3.DatabaseError, "no such table", sqlite3.SQLITE_NOTADB), False),
    ],
)
def test_a_journal_that_a_crash_left_unborn_has_no_records(
    folder: Path, monkeypatch: pytest.MonkeyPatch, error: sqlite3.Error, is_unborn: bool
) -> None:
    def fails(*_: object) -> None:
        raise error

    open_journal(folder).close()
    reader = JournalReader(folder)
    monkeypatch.setattr("infctl.engine.journal.reading.read_bodies", fails)
    if is_unborn:
        assert reader.fresh() == []
    else:
        with pytest.raises(JournalError) as failed:
            reader.fresh()
        assert failed.value.what == f"the journal cannot be read: {error}"
        assert failed.value.__cause__ is error
    reader.close()


def test_a_journal_that_cannot_be_opened_or_is_a_link_is_not_read(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = folder / "journal.db"
    (tmp_path / "other").touch()
    name.symlink_to(tmp_path / "other")
    with pytest.raises(JournalError) as failed:
        JournalReader(folder).fresh()
    assert failed.value.what == f"{name} is a link or no file"
    assert failed.value.unchanged == "it was not read"
    name.unlink()
    name.touch()
    monkeypatch.setattr("infctl.engine.journal.reading.connect_to_read", _full)
    with pytest.raises(JournalError) as failed:
        JournalReader(folder).fresh()
    assert failed.value.what == "cannot read the journal: [Errno 28] No space left on device"


def test_a_folder_without_a_journal_has_no_records(folder: Path) -> None:
    assert read_journal(folder) == ()
    assert read_mark(folder) == b""
    assert list(folder.iterdir()) == []


def test_a_record_carries_what_was_given_and_who_wrote_it(folder: Path) -> None:
    journal = open_journal(folder)
    bare = journal.append(Kind.PLAN)
    full = journal.append(
        Kind.SENT, step="s", attempt=3, key="k", before=1, args=2, result=3, undo=4
    )
    wanted = chain(Kind.PLAN)[0]
    assert bare == replace(wanted, actor="me", at=1_700_001_000.0, boottime=1000.0)
    assert full == replace(
        replace(bare, seq=2, prev=bare.digest, kind="sent", step="s", attempt=3, key="k"),
        before=1,
        args=2,
        result=3,
        undo=4,
    )
    journal.close()


def test_a_step_refused_by_a_full_journal_says_what_to_do(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = open_journal(folder)
    monkeypatch.setattr("infctl.engine.journal.writing.STOP_AT", 1)
    monkeypatch.setattr("infctl.engine.journal.writing.refusal", lambda _, step: f"full {step}")
    journal.append(Kind.INTENT, step="a")
    journal.append(Kind.SENT, step="a")
    with pytest.raises(Refused) as failed:
        journal.append(Kind.INTENT, step="b")
    assert (failed.value.what, failed.value.unchanged, failed.value.hint) == (
        "full b",
        "the step was not begun",
        "infctl runs undo",
    )
    journal.close()


def test_a_long_journal_warns_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [is_warned_at(n) for n in (10_239, 10_240, 10_241)] == [False, True, False]
    monkeypatch.setattr("infctl.engine.journal.writing.is_warned_at", lambda seq: seq == 2)
    journal = open_journal(folder)
    for _ in range(3):
        journal.append(Kind.PLAN)
    text = "the journal holds 10240 records; no further step starts at 51200"
    assert [(r.kind, r.result) for r in journal.records()] == [
        ("plan", None),
        ("plan", None),
        ("observed", {"evidence": [text]}),
        ("plan", None),
    ]
    journal.close()


def test_the_ends_are_written_when_the_run_is_over(folder: Path) -> None:
    journal = open_journal(folder)
    first = journal.append(Kind.PLAN)
    journal.append(Kind.PAUSE)
    assert not (folder / NAME).exists()
    last = journal.append(Kind.HEAD)
    assert is_over(folder)
    assert read_ends(folder) == Ends(last, first)
    assert (folder / NAME).stat().st_mode & 0o777 == 0o600
    journal.close()


@pytest.mark.parametrize("count", range(4))
def test_a_journal_taken_over_has_ends_only_where_it_is_over(folder: Path, count: int) -> None:
    adopt_records(folder, iter(THREE[:count]))
    assert read_journal(folder) == THREE[:count]
    assert (folder / NAME).exists() == is_over(folder) == (count == 3)
    assert read_ends(folder) == (Ends(THREE[2], THREE[0]) if count == 3 else None)
    if count:
        with pytest.raises(JournalError) as failed:
            adopt_records(folder, THREE)
        assert failed.value.what == f"{folder} has a journal already"
        assert failed.value.unchanged == "it stays as it is"
    assert not (folder / "reserve").exists()


def test_ends_that_do_not_prove_themselves_are_not_shown(folder: Path) -> None:
    first, middle, last = THREE
    (folder / "mark").write_bytes(mark_of(last))
    assert not is_over(folder)
    write_ends(folder, first, last)
    assert read_ends(folder) == Ends(last, first)
    text = (folder / NAME).read_text()
    for changed in (text[:-3] + "zz\n", text + "\n", text.replace("plan", "plam"), ""):
        (folder / NAME).write_text(changed)
        assert not is_over(folder)
        assert read_ends(folder) is None
    write_ends(folder, first, last)
    (folder / "mark").write_bytes(mark_of(middle))
    assert not is_over(folder)
    write_ends(folder, first, middle)
    assert not is_over(folder)


def test_ends_of_a_later_version_are_left_to_the_journal(folder: Path) -> None:
    later = replace(THREE[2], v=2)
    (folder / "mark").write_bytes(mark_of(later))
    write_ends(folder, THREE[0], later)
    assert is_over(folder)
    assert read_ends(folder) is None


def test_ends_are_never_written_through_a_link(folder: Path, tmp_path: Path) -> None:
    (folder / f"{NAME}.new").symlink_to(tmp_path / "elsewhere")
    write_ends(folder, THREE[0], THREE[2])
    assert not (tmp_path / "elsewhere").exists()
    assert not (folder / NAME).exists()
    assert storage.read_mark(folder) == b""
    check_files(folder)


def test_only_a_step_that_need_not_run_is_refused_by_a_full_journal() -> None:
    steps = (
        Step("wait", Operation("wait_until", {})),
        Step("heal", Operation("heal_fault", {}), always=True),
    )
    full = RunView(seq=STOP_AT, plan=Plan("long", "a long one", "lab", steps))
    problem = "the journal holds 51200 records, and no further step starts at 51200"
    assert [refusal(full, step) for step in ("wait", "heal", None)] == [problem, "", problem]
    assert refusal(replace(full, seq=STOP_AT - 1), "wait") == ""
    assert refusal(replace(full, plan=None), "wait") == ""
    assert refusal(RunView(), "wait") == ""
