"""Reading containers' logs, as `kubectl logs` asks."""

import itertools
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infctl.lab.agent.logs import Wanted, read_log, read_wanted, show_line, tail_offset

LINES = [
    b"2026-01-01T00:00:00.000000000Z stdout F one",
    b"2026-01-01T00:00:01.000000000Z stderr F two",
    b"2026-01-01T00:00:02.000000000Z stdout P thr",
    b"2026-01-01T00:00:02.100000000Z stdout F ee",
    b"2026-01-01T00:00:03.000000000Z stdout F ",
]
NOW = datetime(2026, 1, 1, 0, 0, 3, tzinfo=UTC)


async def shown(path: Path, **query: str) -> str:
    wanted = read_wanted(query, NOW)
    return b"".join([block async for block in read_log(path, wanted, lambda: True)]).decode()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "0.log"
    path.write_bytes(b"\n".join(LINES) + b"\n")
    return path


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, "one\ntwo\nthree\n\n"),
        ({"tailLines": "3"}, "three\n\n"),
        ({"tailLines": "0"}, ""),
        ({"tailLines": "99"}, "one\ntwo\nthree\n\n"),
        ({"sinceSeconds": "1"}, "three\n\n"),
        ({"sinceTime": "2026-01-01T01:00:01+01:00"}, "two\nthree\n\n"),
        ({"limitBytes": "5"}, "one\nt"),
        ({"stream": "Stderr"}, "two\n"),
        ({"follow": "true"}, "one\ntwo\nthree\n\n"),
    ],
)
async def test_a_log_is_shown_as_asked(log: Path, query: dict[str, str], expected: str) -> None:
    assert await shown(log, **query) == expected


async def test_timestamps_stand_before_each_line(log: Path) -> None:
    assert (await shown(log, timestamps="true")).startswith("2026-01-01T00:00:00.000000000Z one\n")


async def test_a_line_that_is_not_finished_yet_is_not_shown(log: Path) -> None:
    with log.open("ab") as file:
        file.write(b"2026-01-01T00:00:04.000000000Z stdout F hal")
    assert (await shown(log)).endswith("three\n\n")


async def test_a_rotated_log_is_followed_into_its_new_file(log: Path) -> None:
    calls = itertools.count()

    def ended() -> bool:
        call = next(calls)
        if call == 1:
            log.rename(log.with_name("0.log.1"))
            log.write_bytes(b"2026-01-01T00:00:09.000000000Z stdout F new\n")
        return call > 2

    blocks = [block async for block in read_log(log, Wanted(follow=True), ended)]
    assert b"".join(blocks).decode() == "one\ntwo\nthree\n\nnew\n"


@pytest.mark.parametrize("lines", [1, 2, 1000, 1001])
def test_the_last_lines_of_a_long_file_are_found(tmp_path: Path, lines: int) -> None:
    path = tmp_path / "long"
    path.write_text("".join(f"{n} {'x' * 300}\n" for n in range(1000)))
    offset = tail_offset(path, lines)
    found = path.read_text()[offset:].splitlines()
    assert len(found) == min(lines, 1000)
    assert found[-1].startswith("999 ")


@pytest.mark.parametrize("line", [b"", b"x", b"\xff\xfe", b"2026 stdout"])
def test_a_broken_line_shows_nothing(line: bytes) -> None:
    assert show_line(line, Wanted()) == b""


@pytest.mark.parametrize(
    "query",
    [
        {"tailLines": "-1"},
        {"tailLines": "x"},
        {"limitBytes": "9" * 20},
        {"sinceTime": "yesterday"},
        {"stream": "none"},
    ],
)
def test_senseless_questions_are_refused(query: dict[str, str]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        read_wanted(query, NOW)
