"""The request log as SQLite, read back, and replayed."""

import json
import os
import sqlite3
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from infctl.content.load_log import request_line, resolution_line
from infctl.content.load_replay import Replayed, make_schedule, read_schedule, write_schedule
from infctl.content.load_table import read_requests, write_table
from infctl.drills.load.pace import Idle, Repeated
from infctl.errors import ConfigurationError
from infctl.ports.load import RequestRecord, Resolution

GOOD = RequestRecord("c-1", 10.0, 10.25, True, 200, "eu-west-1", "127.16.1.2", "DE", "v2")
LATE = RequestRecord("c-2", 12.0, 14.0, False, 0, "", "127.16.2.2", "US")
AGAIN = RequestRecord("c-1", 14.0, 14.1, True, 200, "eu-west-1", "127.16.1.2", "DE", "v2")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    found = tmp_path / "requests.jsonl"
    lines = [request_line(LATE, "b"), request_line(GOOD, "a"), request_line(AGAIN, "c")]
    lines += [resolution_line(Resolution("c-1", 9.0, ("127.16.1.2",), 20.0)), '{"kind": "requ']
    found.write_text("".join(lines))
    return found


def test_a_log_becomes_a_table_that_anybody_can_ask(log: Path, tmp_path: Path) -> None:
    path = tmp_path / "requests.sqlite"
    path.write_text("what was there before")
    assert write_table(log, path) == 3
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(
            "SELECT country, region, model, status, latency_ms FROM requests ORDER BY started"
        ).fetchall()
        asked = connection.execute("SELECT * FROM resolutions").fetchall()
    assert rows[:2] == [("DE", "eu-west-1", "v2", 200, 250.0), ("US", "", "", 0, 2000.0)]
    assert asked == [("c-1", 9.0, "127.16.1.2", 20.0)]
    assert read_requests(path) == [GOOD, LATE, AGAIN]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["requests.jsonl", "requests.sqlite"]


def test_a_log_of_an_earlier_version_is_read_without_country_and_model(tmp_path: Path) -> None:
    old = tmp_path / "old.jsonl"
    line = request_line(GOOD, "a").replace(', "country": "DE", "model": "v2"', "")
    old.write_text(line)
    [found] = read_requests(old)
    assert (found.client, found.country, found.model) == ("c-1", "", "")


@pytest.mark.parametrize("kind", ["missing", "pipe", "folder", "other database", "broken database"])
def test_what_is_no_log_is_told_and_never_waited_for(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "log"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "broken database":
        path.write_bytes(b"SQLite format 3\0" + b"\xff" * 200)
    elif kind == "other database":
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE other (name TEXT)")
    with pytest.raises(ConfigurationError, match="request log"):
        read_requests(path)


@pytest.mark.parametrize(
    "wrong",
    [
        {"client": ["c"]},
        {"started": "10"},
        {"ended": float("nan")},
        {"started": 1e300},
        {"status": None},
        {"country": "x" * 5000},
        {"more": 1},
    ],
)
def test_records_that_are_none_count_for_nothing(tmp_path: Path, wrong: dict[str, Any]) -> None:
    log = tmp_path / "log"
    data = {"kind": "request", "id": "a", **asdict(GOOD), **wrong}
    log.write_text(json.dumps(data) + "\n" + request_line(LATE, "b"))
    assert read_requests(log) == [LATE]
    assert write_table(log, tmp_path / "table") == 1


def test_a_table_with_other_values_and_a_log_of_years_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "table"
    with closing(sqlite3.connect(path)) as connection, connection:
        columns = "client, started, ended, ok, status, region, address, country, model"
        connection.execute(f"CREATE TABLE requests ({columns})")
        connection.execute(
            "INSERT INTO requests VALUES (?, 1, 2, 1, 200, ?, '', '', '')", (b"\xff", "r")
        )
    with pytest.raises(ConfigurationError, match="no request log"):
        read_requests(path)
    years = [GOOD, replace(GOOD, started=1e10)]
    with pytest.raises(ConfigurationError, match="more than seven days"):
        make_schedule(years, 1.0)


def test_a_schedule_keeps_clients_countries_and_times(log: Path, tmp_path: Path) -> None:
    schedule = make_schedule(read_requests(log), speed=2)
    assert schedule == [Replayed("DE", (0.0, 2.0)), Replayed("US", (1.0,))]
    write_schedule(tmp_path / "schedule", schedule)
    assert read_schedule(tmp_path / "schedule") == schedule
    with pytest.raises(ConfigurationError, match="holds no request"):
        make_schedule([], 1.0)


def test_a_replaying_client_sends_at_its_moments_late_ones_at_once_and_then_never() -> None:
    now = 0.5
    client = Repeated(Replayed("DE", (1.0, 2.0, 3.0)), lambda: now)
    assert client.wait() == 0.5
    now = 2.5
    assert [client.wait(), client.wait(), client.wait()] == [0.0, 0.5, None]
    assert Idle().wait() is None
