"""The file that records go to when the disk is full: where it is, and whose."""

from pathlib import Path

import pytest
from journal_chains import chain, lines

from infctl.engine.journal import spill
from infctl.engine.journal.spill import append_line, check_folder, read_spill, spill_path
from infctl.errors import JournalError
from infctl.model.journal import Kind, Record

THREE = chain(Kind.PLAN, Kind.INTENT, Kind.SENT)


@pytest.fixture(autouse=True)
def second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INFCTL_SPILL", str(tmp_path / "spill"))
    return tmp_path / "spill" / "01run.jsonl"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir(mode=0o700)
    return tmp_path / "run"


def _spill(path: Path, records: tuple[Record, ...]) -> None:
    for record in records:
        append_line(path, record.canonical)


@pytest.mark.parametrize(
    ("given", "runtime", "run", "path"),
    [
        ("/a", "/b", "r1", Path("/a/r1.jsonl")),
        ("", "/b", "r1", Path("/b/infctl/r1.jsonl")),
        ("a", "/b", "r1", Path("/b/infctl/r1.jsonl")),
        ("a", "b", "r1", None),
        ("/a", "/b", "../r1", None),
        (None, "/b", "r1", Path("/b/infctl/r1.jsonl")),
        ("/a", None, "r1", Path("/a/r1.jsonl")),
        (None, None, "r1", None),
    ],
)
def test_the_second_folder_is_the_given_one_else_the_users_own(
    monkeypatch: pytest.MonkeyPatch,
    given: str | None,
    runtime: str | None,
    run: str,
    path: Path | None,
) -> None:
    for name, value in (("INFCTL_SPILL", given), ("XDG_RUNTIME_DIR", runtime)):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    assert spill_path(run) == path


def test_a_spill_is_a_file_and_a_folder_of_ours_alone(second: Path) -> None:
    _spill(second, THREE)
    assert second.parent.stat().st_mode & 0o777 == 0o700
    assert second.stat().st_mode & 0o777 == 0o600
    assert second.read_text() == lines(THREE)
    assert read_spill(second) == list(THREE)


@pytest.mark.parametrize(("mode", "is_ours"), [(0o755, True), (0o720, False), (0o702, False)])
def test_a_folder_where_others_write_takes_no_record(
    tmp_path: Path, mode: int, is_ours: bool
) -> None:
    tmp_path.chmod(mode)
    if is_ours:
        check_folder(tmp_path)
        return
    with pytest.raises(PermissionError) as failed:
        check_folder(tmp_path)
    assert str(failed.value) == f"{tmp_path} is not a folder of ours alone"


def test_a_folder_of_somebody_else_or_a_link_takes_no_record(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(PermissionError):
        check_folder(tmp_path / "link")
    monkeypatch.setattr("os.geteuid", lambda: folder.stat().st_uid + 1)
    with pytest.raises(PermissionError):
        check_folder(folder)


def test_a_planted_spill_is_neither_written_nor_read(second: Path) -> None:
    _spill(second, THREE[:1])
    second.chmod(0o620)
    problem = f"{second} may be written by others (mode 0620)"
    with pytest.raises(PermissionError) as denied:
        append_line(second, "more")
    assert str(denied.value) == problem
    with pytest.raises(JournalError) as failed:
        read_spill(second)
    assert (failed.value.what, failed.value.unchanged) == (problem, "it was not read")
    assert second.read_text() == lines(THREE[:1])


def test_a_spill_is_read_up_to_its_last_whole_line(second: Path) -> None:
    assert read_spill(None) == []
    assert read_spill(second) == []
    append_line(second, THREE[0].canonical)
    append_line(second, THREE[1].canonical)
    with second.open("a") as file:
        file.write(THREE[2].canonical[:50])
    assert read_spill(second) == list(THREE[:2])
    second.write_text(THREE[0].canonical)
    assert read_spill(second) == []


def test_a_spill_of_other_bytes_is_one_clear_error(second: Path) -> None:
    append_line(second, THREE[0].canonical)
    with second.open("ab") as file:
        file.write(b"\xff\xfe\n")
    with pytest.raises(JournalError, match="row 2"):
        read_spill(second)


def test_a_spill_larger_than_any_is_not_read(second: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _spill(second, THREE)
    monkeypatch.setattr(spill, "_LARGEST", second.stat().st_size)
    assert read_spill(second) == list(THREE)
    monkeypatch.setattr(spill, "_LARGEST", second.stat().st_size - 1)
    with pytest.raises(JournalError) as failed:
        read_spill(second)
    assert failed.value.what == f"{second} is larger than any spill"
    assert failed.value.unchanged == "it was not read"
