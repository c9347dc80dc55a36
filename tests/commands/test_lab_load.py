"""`infctl lab load` as a user types it: what is refused, and what the answers look like."""

import argparse
import json
from pathlib import Path
from typing import Any

import pytest
from toy_labs import toy_lab

from infctl.commands import lab_load
from infctl.commands import lab_load_rows as rows
from infctl.commands.lab_load_request import Wanted, make_request
from infctl.commands.run import run
from infctl.content.load_log import request_line
from infctl.errors import UsageError
from infctl.lab import processes
from infctl.ports.load import LoadRequest, RequestRecord, Shape

__all__ = ["toy_lab"]
PLATFORM: Any = argparse.Namespace(
    drills=argparse.Namespace(failover=argparse.Namespace(rate=60.0, users=30)),
    service=argparse.Namespace(host="vision.infctl.test", port=8080),
    traffic=argparse.Namespace(timeout=2.0),
)


def wanted(**typed: Any) -> Wanted:
    usual: dict[str, Any] = {
        "rate": None,
        "users": None,
        "kind": "steady",
        "peak": None,
        "over": None,
        "after": None,
        "replay": None,
        "speed": 1.0,
        "countries": (),
        "keep": "10m",
    }
    return Wanted(**{**usual, **typed})


def test_without_options_it_is_what_drills_send() -> None:
    found = make_request(PLATFORM, wanted(), Path("/log"))
    assert found == LoadRequest(
        "vision.infctl.test:8080", 30, 60.0, 2.0, Path("/log"), seconds=600.0
    )


def test_shape_countries_and_time_are_taken_over() -> None:
    words = wanted(kind="ramp", peak=200.0, over="2m", countries=["DE=2", "US"], keep="1h")
    found = make_request(PLATFORM, words, Path("/log"))
    assert found.shape == Shape("ramp", peak=200.0, over=120.0)
    assert found.countries == (("DE", 2.0), ("US", 1.0))
    assert found.seconds == 3600


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"rate": 0.0}, "--rate takes from 0.01"),
        ({"rate": float("nan")}, "--rate takes from 0.01"),
        ({"users": 0}, "--users takes from 1"),
        ({"users": 10_001}, "--users takes from 1"),
        ({"keep": "25h"}, "--for takes from 1s to 24h"),
        ({"keep": "10"}, "--for: not a duration"),
        ({"kind": "ramp"}, "with peak: a number"),
        ({"kind": "ramp", "peak": float("inf"), "over": "2m"}, "with peak: a number"),
        ({"kind": "steady", "peak": 5.0}, "nothing else"),
        ({"replay": Path("x"), "speed": -1.0}, "speed: a number"),
        ({"replay": Path("x"), "kind": "ramp"}, "a replayed log has its own shape"),
        ({"kind": "replay"}, "source"),
        ({"countries": ["DE=nan"]}, "two capitals"),
        ({"countries": ["\x1b[31mDE"]}, "two capitals"),
    ],
)
def test_what_cannot_be_is_told(typed: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError) as caught:
        make_request(PLATFORM, wanted(**typed), Path("/log"))
    assert told in caught.value.what
    assert "\x1b" not in caught.value.what


def test_answers_are_counted_by_country_region_and_model() -> None:
    good = RequestRecord("c-1", 10.0, 10.1, True, 200, "eu-west-1", "a", "DE", "v1")
    slow = RequestRecord("c-2", 10.0, 10.3, True, 200, "eu-west-1", "a", "DE", "v1")
    bad = RequestRecord("c-1", 11.0, 13.0, False, 0, "", "a", "DE", "")
    first, second = rows.make_rows([good, slow, bad])
    assert (first["region"], first["requests"], first["failed"], first["p99_ms"]) == (
        "",
        1,
        1,
        None,
    )
    assert (second["model"], second["requests"], second["p99_ms"]) == ("v1", 2, 300.0)
    found = {"processes": 0, **rows.sum_up([good, slow, bad], 14.0)}
    assert rows.line_of(found) == "stopped; 3 requests of 2 clients, 1 failed; now 0.3 a second"


@pytest.mark.parametrize("verb", [["start"], ["status"], ["stop"]])
def test_without_a_lab_nothing_starts(
    verb: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert run(["lab", "load", *verb]) == 6
    assert "there is no lab lab" in capsys.readouterr().err


def test_a_drills_log_becomes_a_table(tmp_path: Path, capsys: Any) -> None:
    log, table = tmp_path / "requests.jsonl", tmp_path / "requests.sqlite"
    log.write_text(request_line(RequestRecord("c", 1.0, 2.0, True, 200, "r", "a"), "id"))
    assert run(["lab", "load", "table", str(log), str(table)]) == 0
    assert "1 requests in" in capsys.readouterr().err
    assert table.read_bytes().startswith(b"SQLite format 3")
    assert run(["lab", "load", "table", str(tmp_path), str(table)]) == 78
    assert run(["lab", "load", "table", str(log), str(tmp_path / "no" / "t.sqlite")]) == 1


def test_a_load_by_hand_runs_once_is_kept_and_ends_with_its_lab(toy_lab: Path, capsys: Any) -> None:
    state = toy_lab / "infctl" / "labs" / "lab"
    capsys.readouterr()
    assert run(["lab", "load", "status"]) == 6
    assert "no clients were started" in capsys.readouterr().err
    assert run(["lab", "load", "start", "--country", "QQ"]) == 78
    assert "clients in QQ" in capsys.readouterr().err
    assert not list((state / "load").iterdir())
    assert run(["lab", "load", "start", "--rate", "5", "--country", "DE", "--for", "1m"]) == 0
    assert "5 requests a second from 30 clients for 1m" in capsys.readouterr().err
    assert run(["lab", "load", "start"]) == 5
    assert "1 processes of clients run already" in capsys.readouterr().err
    assert run(["lab", "load", "status", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["metadata"]["processes"] == 1
    assert run(["lab", "load", "stop", "--to", "kept.sqlite"]) == 0
    assert (toy_lab / "kept.sqlite").stat().st_size
    assert run(["lab", "load", "start", "--rate", "5", "--for", "1m"]) == 0
    [second] = lab_load.processes_in(max((state / "load").iterdir()))
    assert len(list((state / "load").iterdir())) == 2
    assert run(["lab", "down"]) == 0
    assert not processes.is_alive(second)
