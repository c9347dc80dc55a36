"""The journal loses nothing silently: chain, mark, bit flips, a full disk."""

import os
import random
import shutil
from pathlib import Path

import pytest
from toy_world import ToyClock

from infctl.engine.journal import DATABASE, MARK, FileJournal, JournalReader, read_journal
from infctl.errors import JournalError
from infctl.model.journal import GENESIS, Kind, check_chain, parse


def _open(folder: Path) -> FileJournal:
    return FileJournal(folder, run="01run", plan_digest="d" * 64, actor="tester", clock=ToyClock())


def _write(folder: Path, count: int) -> None:
    journal = _open(folder)
    for number in range(count):
        journal.append(Kind.INTENT, step=f"s{number}", before={"replicas": number}, args=None)
    journal.close()


def test_what_was_written_is_read_back_with_its_chain(tmp_path: Path) -> None:
    _write(tmp_path, 5)
    records = read_journal(tmp_path)
    assert [r.seq for r in records] == [1, 2, 3, 4, 5]
    assert records[0].prev == GENESIS
    assert [r.prev for r in records[1:]] == [r.digest for r in records[:-1]]
    assert set(parse(records[0].canonical).__slots__) == {
        *("v", "seq", "prev", "run", "plan_digest", "step", "attempt", "kind", "fence", "actor"),
        *("at", "boottime", "key", "before", "args", "result", "undo"),
    }


def test_a_journal_is_continued_where_it_ended(tmp_path: Path) -> None:
    _write(tmp_path, 3)
    _write(tmp_path, 2)
    assert len(read_journal(tmp_path)) == 5


def test_a_reader_follows_while_another_writes(tmp_path: Path) -> None:
    reader = JournalReader(tmp_path)
    assert reader.fresh() == []
    journal = _open(tmp_path)
    assert reader.fresh() == []
    journal.append(Kind.PLAN)
    assert [r.kind for r in reader.fresh()] == ["plan"]
    journal.append(Kind.LEASE)
    journal.append(Kind.HEAD)
    assert [r.kind for r in reader.fresh()] == ["lease", "head"]
    assert reader.fresh() == []
    journal.close()
    reader.close()


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    _write(tmp_path, 1)
    for name in (DATABASE, MARK):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0


def test_a_lost_tail_is_noticed_by_the_mark(tmp_path: Path) -> None:
    _write(tmp_path, 5)
    shutil.copytree(tmp_path, tmp_path / "backup")
    _write(tmp_path, 1)
    shutil.copy(tmp_path / "backup" / DATABASE, tmp_path / DATABASE)
    with pytest.raises(JournalError, match="records after 5 are lost, 6 were written"):
        read_journal(tmp_path)
    with pytest.raises(JournalError, match="lost"):
        _open(tmp_path)


def test_one_record_more_than_the_mark_is_what_a_crash_leaves(tmp_path: Path) -> None:
    _write(tmp_path, 5)
    mark = (tmp_path / MARK).read_bytes()
    _write(tmp_path, 1)
    (tmp_path / MARK).write_bytes(mark)
    assert len(read_journal(tmp_path)) == 6


def test_a_missing_mark_is_noticed(tmp_path: Path) -> None:
    _write(tmp_path, 5)
    (tmp_path / MARK).unlink()
    with pytest.raises(JournalError, match="mark is missing"):
        read_journal(tmp_path)


def test_no_flipped_bit_changes_what_is_read_in_silence(tmp_path: Path) -> None:
    original = tmp_path / "original"
    original.mkdir()
    journal = _open(original)
    for number in range(12):
        journal.append(Kind.DONE, step=f"s{number}", result={"evidence": ["x" * 300]})
    wanted = journal.records()
    # Copied while open: half of the truth is still in the write-ahead log.
    files = {p.name: p.read_bytes() for p in original.iterdir() if not p.name.endswith("-shm")}
    journal.close()
    chance = random.Random(4)
    detected = 0
    for number in range(500):
        folder = tmp_path / str(number)
        folder.mkdir()
        victim = chance.choice(sorted(files))
        for name, content in files.items():
            (folder / name).write_bytes(_flip(content, chance) if name == victim else content)
        try:
            assert read_journal(folder) == wanted
        except JournalError:
            detected += 1
        shutil.rmtree(folder)
    assert detected > 250


def _flip(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    position = chance.randrange(len(changed))
    changed[position] ^= 1 << chance.randrange(8)
    return bytes(changed)


def test_nothing_is_written_after_the_first_record_that_could_not_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = _open(tmp_path)
    journal.append(Kind.PLAN)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(JournalError, match="No space left"):
        journal.append(Kind.INTENT, step="a")
    monkeypatch.undo()
    with pytest.raises(JournalError, match="No space left"):
        journal.append(Kind.INTENT, step="b")
    journal.close()


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="cannot open the journal"):
        _open(tmp_path / "missing")


def test_the_chain_names_its_first_break(tmp_path: Path) -> None:
    _write(tmp_path, 4)
    records = list(read_journal(tmp_path))
    assert check_chain(records) == ""
    assert check_chain([*records[:1], *records[2:]]) == "record 2 is missing"
    swapped = [records[0], records[1], records[3], records[2]]
    assert check_chain(swapped) == "record 3 is missing"
