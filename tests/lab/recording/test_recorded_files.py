"""What a recording keeps, what it takes out, and how it is read back."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from infctl.lab.errors import LabError
from infctl.lab.recording import manifest, openmetrics
from infctl.lab.recording.folder import Folder, Full
from infctl.lab.recording.logs import LogsTape
from infctl.lab.recording.reader import Recording
from infctl.lab.recording.scrub import REMOVED, Scrubber, secrets_of

TOKEN = "q9Yk0_lab-token-of-the-operator"
KEY = "MC4CAQAwBQYDK2VwBCIEIJ7a0b1c2d3e4f5g6h7i8j9k"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbm5hIn0.c2lnbmF0dXJlLW9mLWl0"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"user said {TOKEN}.", f"user said {REMOVED}."),
        ("Authorization: Bearer abcdefghij123", f"Authorization: Bearer {REMOVED}"),
        (f"got {JWT} back", f"got {REMOVED} back"),
        ('{"password": "correct-horse"}', f'{{"password": "{REMOVED}"}}'),
        ("x?api_key=0123456789&y=1", f"x?api_key={REMOVED}&y=1"),
        (
            "a\n-----BEGIN EC PRIVATE KEY-----\nMC4C\n-----END EC PRIVATE KEY-----\nb",
            f"a\n{REMOVED}\nb",
        ),
        ("-----BEGIN PRIVATE KEY-----\nhalf of one", REMOVED),
        ("one token left", "one token left"),
        ("tokens: 3", "tokens: 3"),
        ("secret vision/model-store is not there", "secret vision/model-store is not there"),
    ],
)
def test_secrets_go_and_the_rest_stays(text: str, kept: str) -> None:
    assert Scrubber([TOKEN, "short"]).clean(text) == kept


def test_json_stays_json_whatever_is_taken_out_of_it() -> None:
    value = {"a": [f"-----BEGIN PRIVATE KEY-----{KEY}", 7, None], TOKEN[:3]: {"b": f"x {TOKEN}"}}
    cleaned = Scrubber([TOKEN]).clean_value(value)
    assert cleaned == {"a": [REMOVED, 7, None], TOKEN[:3]: {"b": f"x {REMOVED}"}}


def test_the_labs_own_tokens_and_keys_are_known(tmp_path: Path) -> None:
    (tmp_path / "tokens.json").write_text(json.dumps({"operator": TOKEN}))
    (tmp_path / "tokens.csv").write_text(f'{TOKEN}-2,infctl:viewer,viewer,"infctl:viewers"\n')
    (tmp_path / "ca.key").write_text(f"-----BEGIN PRIVATE KEY-----\n{KEY}\n-----END\n")
    (tmp_path / "ca.crt").write_text("public\n")
    assert secrets_of(tmp_path) == {TOKEN, f"{TOKEN}-2", KEY}
    assert secrets_of(tmp_path / "missing") == set()


@pytest.mark.parametrize(
    "labels",
    [{}, {"pod": "a"}, {"a": 'say "hi", \\ and\nmore', "b": "}"}, {"le": "+Inf", "x": "a,b=c"}],
)
def test_samples_are_written_and_read_back(labels: dict[str, str]) -> None:
    values = [[1000.5, "1"], [1001.5, "NaN"], [1002.5, "+Inf"], [1003.25, "1.5e-05"]]
    text = openmetrics.format_series([{"metric": {"__name__": "up", **labels}, "values": values}])
    found = list(openmetrics.parse(text + openmetrics.END))
    assert [(s.name, s.labels, s.at) for s in found] == [("up", labels, at) for at, _ in values]
    assert found[0].value == 1
    assert found[1].value != found[1].value
    assert (found[2].value, found[3].value) == (float("inf"), 1.5e-05)
    with pytest.raises(ValueError, match="not a sample"):
        list(openmetrics.parse("up{ 1\n"))


def test_a_folder_is_new_private_and_bounded(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "new", 10)
    folder.make()
    folder.append("logs/a.log", "12345")
    folder.append("logs/a.log", "6789")
    with pytest.raises(Full, match="bound"):
        folder.append("logs/a.log", "xx")
    assert (folder.path / "logs" / "a.log").read_text() == "123456789"
    folder.append("metrics/east/0000.om", "")
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "new").rglob("*"))
    with pytest.raises(LabError, match="is not empty"):
        Folder(tmp_path / "new", 10).make()
    (tmp_path / "file").touch()
    with pytest.raises(LabError, match="cannot be made"):
        Folder(tmp_path / "file", 10).make()


def test_logs_are_kept_from_now_on_whole_and_without_secrets(tmp_path: Path) -> None:
    logs, folder = tmp_path / "logs", Folder(tmp_path / "out", 10_000)
    logs.mkdir()
    folder.make()
    log = logs / "dns.log"
    log.write_text("of before\n")
    tape = LogsTape(logs, folder, Scrubber([TOKEN]))
    with log.open("a") as file:
        file.write(f"asked with {TOKEN[:9]}")
    tape.keep()
    with log.open("a") as file:
        file.write(f"{TOKEN[9:]}\n")
    (logs / "late.log").write_text("first\n")
    tape.keep()
    # The supervisor empties a log that is too long; what comes after is new.
    os.truncate(log, 0)
    log.write_text("anew\nhalf")
    tape.keep(last=True)
    kept = folder.path / "logs"
    assert (kept / "dns.log").read_text() == f"asked with {REMOVED}\nanew\nhalf"
    assert (kept / "late.log").read_text() == "first\n"


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    folder = Folder(tmp_path / "recording", 10_000)
    folder.make()
    folder.append("metrics/east/0000.om", "up 1 1000.000\n" + openmetrics.END)
    folder.append("metrics/east/0001.om", "up 0 1030.000\nother 1 1030.000\n" + openmetrics.END)
    folder.append("events/east.jsonl", '{"reason": "Killing"}\n')
    folder.append("logs/dns.log", "hello\n")
    manifest.write_manifest(folder.path, {"lab": "blue"})
    return folder.path


def test_a_recording_is_read_back(recorded: Path) -> None:
    found = Recording(recorded)
    assert found.manifest["lab"] == "blue"
    assert [s.value for s in found.samples("east", "up")] == [1, 0]
    assert len(list(found.samples("east"))) == 3
    assert found.events("east") == [{"reason": "Killing"}]
    assert (found.log("dns"), found.log("none"), found.states()) == ("hello\n", "", [])


def _append(folder: Path) -> None:
    with (folder / "logs" / "dns.log").open("a") as file:
        file.write("x")


def _rename_lab(folder: Path) -> None:
    path = folder / manifest.NAME
    path.write_text(path.read_text().replace("blue", "prod"))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_append, "was changed"),
        (_rename_lab, "was changed"),
        (lambda folder: (folder / "more").touch(), "was changed"),
        (lambda folder: (folder / "logs" / "dns.log").unlink(), "was changed"),
        (lambda folder: (folder / manifest.NAME).unlink(), "no whole recording"),
        (lambda folder: (folder / manifest.NAME).write_text("[]"), "no whole recording"),
        (lambda folder: (folder / manifest.NAME).write_text("{"), "no whole recording"),
    ],
)
def test_a_changed_or_half_recording_is_refused(recorded: Path, change: Any, told: str) -> None:
    change(recorded)
    with pytest.raises(LabError, match=told):
        Recording(recorded)
