"""The journal loses nothing silently: chain, mark, bit flips, a full disk."""

import os
import random
import shutil
from pathlib import Path

import pytest
from toy_world import ToyClock

from infctl.engine.journal import (
    DATABASE,
    MARK,
    Ends,
    FileJournal,
    JournalReader,
    adopt_records,
    is_over,
    read_ends,
    read_journal,
)
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


FLIPS = 500


def test_b4_no_flipped_bit_changes_what_is_read_in_silence(tmp_path: Path) -> None:
    original = tmp_path / "original"
    original.mkdir()
    journal = _open(original)
    for number in range(12):
        journal.append(Kind.DONE, step=f"s{number}", result={"evidence": ["x" * 300]})
    wanted = journal.records()
    # Copied while open: half of the truth is still in the write-ahead log.
    files = {p.name: p.read_bytes() for p in original.iterdir() if p.name in _KEPT}
    assert set(files) == _KEPT
    journal.close()
    chance = random.Random(4)
    detected = harmless = 0
    for number in range(FLIPS):
        folder = tmp_path / str(number)
        folder.mkdir()
        victim = sorted(files)[number % len(files)]
        for name, content in files.items():
            (folder / name).write_bytes(_flip(content, chance) if name == victim else content)
        try:
            # Harmless is only what is proven to be: every record is the one that was written.
            assert read_journal(folder) == wanted
            harmless += 1
        except JournalError:
            detected += 1
            # Nobody goes on by itself: the writer refuses what the reader refuses.
            with pytest.raises(JournalError):
                _open(folder)
        shutil.rmtree(folder)
    assert detected + harmless == FLIPS
    assert detected > FLIPS // 2


_KEPT = {DATABASE, f"{DATABASE}-wal", MARK}


def test_b4_every_flipped_bit_of_the_mark_is_noticed(tmp_path: Path) -> None:
    _write(tmp_path, 3)
    whole = (tmp_path / MARK).read_bytes()
    for bit in range(len(whole) * 8):
        changed = bytearray(whole)
        changed[bit // 8] ^= 1 << bit % 8
        (tmp_path / MARK).write_bytes(bytes(changed))
        with pytest.raises(JournalError):
            read_journal(tmp_path)
    (tmp_path / MARK).write_bytes(whole)
    assert len(read_journal(tmp_path)) == 3


def test_b4_flipped_ends_of_a_run_are_not_shown(tmp_path: Path) -> None:
    journal = _open(tmp_path)
    journal.append(Kind.PLAN, args={"steps": []})
    journal.append(Kind.HEAD, result={"state": "completed", "reason": "", "exit": 0})
    journal.close()
    ends = next(path for path in tmp_path.iterdir() if path.name.startswith("ends"))
    whole = ends.read_bytes()
    assert read_ends(tmp_path) == Ends(journal.records()[1], journal.records()[0])
    assert is_over(tmp_path)
    for bit in range(0, len(whole) * 8, 7):
        changed = bytearray(whole)
        changed[bit // 8] ^= 1 << bit % 8
        ends.write_bytes(bytes(changed))
        assert read_ends(tmp_path) is None
        assert not is_over(tmp_path)
    ends.unlink()
    assert not is_over(tmp_path)


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


def test_records_carry_the_fence_from_the_lease_on(tmp_path: Path) -> None:
    journal = _open(tmp_path)
    journal.append(Kind.PLAN)
    journal.fence = 7
    journal.append(Kind.LEASE)
    journal.append(Kind.DONE, step="a")
    assert [r.fence for r in journal.records()] == [0, 7, 7]
    journal.close()


def test_a_journal_of_elsewhere_is_taken_over_whole_or_not_at_all(tmp_path: Path) -> None:
    for name in ("from", "to", "broken", "kept"):
        (tmp_path / name).mkdir()
    _write(tmp_path / "from", 4)
    records = read_journal(tmp_path / "from")
    adopt_records(tmp_path / "to", records)
    assert read_journal(tmp_path / "to") == records
    with pytest.raises(JournalError, match="record 2 is missing"):
        adopt_records(tmp_path / "broken", [records[0], *records[2:]])
    assert list((tmp_path / "broken").iterdir()) == []
    _write(tmp_path / "kept", 1)
    with pytest.raises(JournalError, match="has a journal already"):
        adopt_records(tmp_path / "kept", records)
    assert len(read_journal(tmp_path / "kept")) == 1


def test_a_journal_that_is_refused_leaves_no_file_open(tmp_path: Path) -> None:
    _write(tmp_path, 3)
    (tmp_path / MARK).write_bytes(b"1" * 86)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        with pytest.raises(JournalError):
            _open(tmp_path)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before
    assert not (tmp_path / "reserve").exists()
