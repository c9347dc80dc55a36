"""Exports (C7): one record is one line, no cell is a formula, no file is overwritten."""

import csv
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from infctl.commands.run import run as run_command
from infctl.commands.runs_export import Format, cell, render, write_new
from infctl.engine.journal import FileJournal
from infctl.errors import ConfigurationError, Exit
from infctl.executor import folders
from infctl.model.journal import GENESIS, Kind, Record, parse

HOSTILE = [
    *(
        "ok\n2026-01-01T00:00Z APPROVED by bob",
        '=HYPERLINK("http://e")',
        "\u2028",
        "\u2029",
        "\x85",
    ),
    *("+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "a\r\nb", "a\rb", "\x0b", "\x0c"),
    *("\x1b[2J", "\x9b2J", "\x00", '","=1', '"\n=cmd|calc', "'=1", "=", "@", "-", "\x1c\x1d\x1e"),
    *("\u202e", "\ufeff=1", "=1+1\u2028=2", "DDE(x)", "\ud800", "é\x7f", "\\n=1", '\\"=1', "\\"),
]


def _record(seq: int, text: str, prev: str) -> Record:
    nested = {"evidence": [text], text: text}
    return Record(
        *(1, seq, prev, "01run", "d" * 64, text, 1, "done", 0, text, 1.5, 2.5, text),
        *(text, nested, nested, None),
    )


def _records() -> list[Record]:
    found: list[Record] = []
    for seq, text in enumerate(HOSTILE, 1):
        found.append(_record(seq, text, found[-1].digest if found else GENESIS))
    return found


def test_c7_there_are_thirty_hostile_texts() -> None:
    assert len(HOSTILE) >= 30


def test_c7_a_record_is_one_line_of_json_and_reads_back() -> None:
    text = render("01run", _records(), Format.JSONL)
    assert text.isascii()
    assert len(text.splitlines()) == len(HOSTILE)
    assert [parse(line) for line in text.splitlines()] == _records()


def test_c7_json_holds_every_record_and_reads_back() -> None:
    text = render("01run", _records(), Format.JSON)
    assert text.isascii()
    assert len(json.loads(text)["items"]) == len(HOSTILE)


def test_c7_no_cell_is_a_formula_and_no_row_breaks() -> None:
    text = render("01run", _records(), Format.CSV)
    assert text.isascii()
    assert len(text.splitlines()) == len(HOSTILE) + 1
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) == len(HOSTILE) + 1
    assert {len(row) for row in rows} == {17}
    for row in rows:
        for value in row:
            is_number = value.replace(".", "", 1).isdigit()
            assert is_number or not value.startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("=1", "'=1"),
        ("plain", "plain"),
        (-3, "-3"),
        (None, ""),
        ({"a": "=1"}, '{"a": "=1"}'),
        ("a\nb", "a\\nb"),
    ],
)
def test_cells_say_what_they_hold(value: Any, shown: str) -> None:
    assert cell(value) == shown


def test_a_new_file_is_for_its_owner_and_nothing_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    write_new(path, "x\n")
    assert path.stat().st_mode & 0o777 == 0o600
    target = tmp_path / "target"
    target.write_text("theirs")
    (tmp_path / "link").symlink_to(target)
    (tmp_path / "dangling").symlink_to(tmp_path / "none")
    for name in ("out.csv", "link", "dangling", "missing/out"):
        with pytest.raises(ConfigurationError, match="cannot be written"):
            write_new(tmp_path / name, "y\n")
    assert path.read_text() == "x\n"
    assert target.read_text() == "theirs"
    assert not (tmp_path / "none").exists()


def test_the_command_writes_what_the_journal_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    run = folders.new_run_id()
    journal = FileJournal(
        folders.make_folder(run), run=run, plan_digest="d" * 64, actor="tester", clock=_Clock()
    )
    for text in HOSTILE:
        journal.append(Kind.OBSERVED, result={"evidence": [text]})
    journal.close()
    assert run_command(["runs", "export", run]) == 0
    printed = capsys.readouterr().out
    assert [parse(line) for line in printed.splitlines()] == list(journal.records())
    for form in ("jsonl", "csv", "json"):
        target = tmp_path / f"out.{form}"
        words = ["runs", "export", run, "-o", form, "--to", str(target)]
        assert run_command(words) == 0
        assert run_command(words) == Exit.CONFIGURATION
    os.truncate(folders.runs_folder() / run / "mark", 0)
    assert run_command(["runs", "export", run]) == Exit.JOURNAL


class _Clock:
    def wall(self) -> float:
        return 1_700_000_000.0

    def boottime(self) -> float:
        return 5.0

    async def sleep(self, seconds: float) -> None:
        raise NotImplementedError
