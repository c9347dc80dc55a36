"""The journal's files one by one: how each is opened, what is refused, what each error says."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from journal_folder import OURS, THREE, folder, no_second_folder, open_journal

from infctl.engine.journal import (
    read_journal,
    reserve,
)
from infctl.engine.journal.disk import Disk
from infctl.engine.journal.ends import write_ends
from infctl.engine.journal.spill import append_line
from infctl.engine.journal.storage import (
    connect,
    connect_to_read,
    linked,
    open_mark,
    planted,
    read_bodies,
    read_mark,
    sync_folder,
)
from infctl.engine.journal.verification import mark_of
from infctl.errors import ConfigurationError, JournalError

__all__ = ["folder", "no_second_folder"]


@pytest.mark.parametrize(
    ("work", "name", "flags", "mode"),
    [
        (open_mark, "mark", os.O_RDWR | OURS, 0o600),
        (read_mark, "mark", os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW, 0o777),
        (sync_folder, "", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, 0o777),
        (reserve.keep, "reserve", os.O_WRONLY | OURS, 0o600),
        (lambda f: append_line(f / "r", ""), "r", os.O_WRONLY | os.O_APPEND | OURS, 0o600),
        (
            lambda f: write_ends(f, THREE[0], THREE[2]),
            "ends.jsonl.new",
            os.O_WRONLY | os.O_TRUNC | OURS,
            0o600,
        ),
    ],
)
def test_each_file_is_opened_for_its_owner_alone_and_never_through_a_link(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    work: Callable[[Path], object],
    name: str,
    flags: int,
    mode: int,
) -> None:
    seen: list[tuple[Path, int, int]] = []
    real = os.open

    def spied(path: Any, given: int, wanted: int = 0o777) -> int:
        seen.append((Path(path), given, wanted))
        return real(path, given, wanted)

    monkeypatch.setattr(os, "open", spied)
    work(folder)
    assert seen[0] == (folder / name, flags, mode)


def test_the_database_is_waited_for_and_read_without_writing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    real: Callable[..., sqlite3.Connection] = sqlite3.connect

    def spied(*args: Any, **options: Any) -> sqlite3.Connection:
        seen.append((args, options))
        return real(*args, **options)

    monkeypatch.setattr(sqlite3, "connect", spied)
    connect(folder).close()
    connect_to_read(folder).close()
    name = folder / "journal.db"
    assert seen == [
        ((name,), {"timeout": 5}),
        ((f"file:{name}?mode=ro",), {"uri": True, "timeout": 5}),
    ]
    assert name.stat().st_mode & 0o777 == 0o600


class WeakDatabase:
    """Of a file system that cannot do what was asked for."""

    def __init__(self, mode: str, level: int) -> None:
        self.answers = {"PRAGMA journal_mode=WAL": mode, "PRAGMA synchronous": level}
        self.row: Any = None

    def execute(self, text: str) -> "WeakDatabase":
        self.row = (self.answers.get(text),)
        return self

    def fetchone(self) -> Any:
        return self.row


@pytest.mark.parametrize(("mode", "level"), [("delete", 2), ("wal", 1), ("wal", 3)])
def test_a_file_system_without_a_durable_log_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, mode: str, level: int
) -> None:
    monkeypatch.setattr(sqlite3, "connect", lambda *_, **__: WeakDatabase(mode, level))
    with pytest.raises(JournalError) as failed:
        connect(folder)
    problem = f"the journal's file system gives mode {mode}, synchronous {level}"
    assert failed.value.what == problem


def test_rows_are_read_in_order_behind_a_number(folder: Path) -> None:
    db = connect(folder)
    with db:
        db.executemany("INSERT INTO records VALUES (?, ?)", [(3, "c"), (1, "a"), (2, "b")])
    assert read_bodies(db) == ["a", "b", "c"]
    assert read_bodies(db, 1) == ["b", "c"]
    with db:
        db.execute("INSERT INTO records VALUES (0, 'zero')")
    assert read_bodies(db) == ["a", "b", "c"]
    db.close()


@pytest.mark.parametrize(
    ("mode", "problem"),
    [
        (0o600, ""),
        (0o755, ""),
        (0o620, "may be written by others (mode 0620)"),
        (0o602, "may be written by others (mode 0602)"),
    ],
)
def test_a_file_that_others_may_write_is_not_ours_alone(
    tmp_path: Path, mode: int, problem: str
) -> None:
    path = tmp_path / "file"
    assert (planted(path), linked(path)) == ("", "")
    path.touch()
    path.chmod(mode)
    assert planted(path) == problem
    assert linked(path) == ""


def test_links_folders_and_files_of_others_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch(mode=0o600)
    (tmp_path / "link").symlink_to(tmp_path / "file")
    for name in ("link", ""):
        assert planted(tmp_path / name) == linked(tmp_path / name) == "is a link or no file"
    monkeypatch.setattr(os, "geteuid", lambda: 12345678)
    own = os.getuid()
    assert planted(tmp_path / "file") == f"belongs to user {own}"
    (tmp_path / "second").hardlink_to(tmp_path / "file")
    assert planted(tmp_path / "file") == linked(tmp_path / "file") == "has 2 names"


@pytest.mark.parametrize("name", ["journal.db", "journal.db-wal", "journal.db-shm", "mark"])
def test_whoever_planted_a_file_finds_nothing_written_through_it(
    folder: Path, tmp_path: Path, name: str
) -> None:
    (folder / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError) as failed:
        open_journal(folder)
    assert (failed.value.what, failed.value.unchanged, failed.value.hint) == (
        f"{folder / name} is a link or no file",
        "nothing was written",
        f"look at it, then move {folder} away",
    )
    assert not (tmp_path / "elsewhere").exists()
    assert [path.name for path in folder.iterdir()] == [name]


def test_the_reserve_is_taken_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int]] = []
    real = os.posix_fallocate

    def spied(descriptor: int, start: int, size: int) -> None:
        seen.append((start, size))
        real(descriptor, start, size)

    monkeypatch.setattr(os, "posix_fallocate", spied)
    reserve.keep(folder)
    reserve.keep(folder)
    assert seen == [(0, 1024 * 1024)]
    assert (folder / "reserve").stat().st_size == 1024 * 1024
    assert reserve.give_back(folder) is True
    assert reserve.give_back(folder) is False


def _full(*_: object) -> None:
    raise OSError(28, "No space left on device")


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("call", ["posix_fallocate", "fsync", "open_mark"])
def test_a_journal_that_finds_no_room_leaves_no_file_open(
    folder: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    open_journal(folder).close()
    before = _descriptors()
    if call == "open_mark":
        monkeypatch.setattr("infctl.engine.journal.disk.open_mark", _full)
    else:
        monkeypatch.setattr(os, call, _full)
    with pytest.raises(JournalError) as failed:
        Disk(folder)
    assert failed.value.what == "cannot open the journal: [Errno 28] No space left on device"
    assert failed.value.exit_code == 74
    assert _descriptors() == before
    assert not (folder / "reserve").exists()


def _broken_mark(folder: Path) -> None:
    (folder / "mark").unlink(missing_ok=True)
    (folder / "mark").symlink_to(folder / "journal.db")
    read_journal(folder)


@pytest.mark.parametrize(
    ("work", "what"),
    [
        (lambda d, _: d.read(), "cannot read the journal: Cannot operate on a closed database."),
        (
            lambda d, _: d.insert(THREE[0]),
            "cannot write the journal: Cannot operate on a closed database.",
        ),
        (lambda d, _: d.cut(1), "cannot write the journal: Cannot operate on a closed database."),
        (
            lambda d, _: d.mark(THREE[0]),
            "cannot write the journal's mark: [Errno 9] Bad file descriptor",
        ),
        (
            lambda _, f: _broken_mark(f),
            "cannot read the journal's mark: [Errno 40] Too many levels of symbolic links: ",
        ),
    ],
)
def test_each_error_of_the_files_says_what_could_not_be_done(
    folder: Path, work: Callable[[Disk, Path], object], what: str
) -> None:
    disk = Disk(folder)
    disk.close()
    with pytest.raises(JournalError) as failed:
        work(disk, folder)
    assert failed.value.what.startswith(what)


def test_rows_are_cut_from_a_number_on(folder: Path) -> None:
    disk = Disk(folder)
    for record in THREE:
        disk.insert(record)
        disk.mark(record)
    disk.cut(2)
    assert disk.read() == ([THREE[0].canonical], mark_of(THREE[2]))
    assert (folder / "mark").stat().st_size == 86
    disk.close()
