"""`infctl lab record` as a user types it, over a supervisor of toy parts."""

from pathlib import Path
from typing import Any

import pytest
from toy_labs import toy_lab

from infctl.commands.run import run
from infctl.lab.recording import record
from infctl.lab.recording.reader import Recording

__all__ = ["toy_lab"]


def test_what_a_lab_lacks_is_told_and_the_rest_is_recorded(toy_lab: Path, capsys: Any) -> None:
    capsys.readouterr()
    assert run(["lab", "record", "kept", "--for", "1s"]) == 0
    told = capsys.readouterr().err
    assert "not recorded to the end: metrics/us-east-1" in told
    assert "not recorded to the end: events/us-east-1" in told
    assert "its time is over" in told
    found = Recording(toy_lab / "kept")
    assert found.manifest["regions"] == ["us-east-1"]
    assert [line["states"] for line in found.states()] == [{"api-us-east-1": "ready"}] * 2
    assert run(["lab", "record", "kept", "--for", "1s"]) == 1
    assert "is not empty" in capsys.readouterr().err


def test_a_recording_that_reached_its_bound_is_whole(
    toy_lab: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(record, "LIMIT_BYTES", 10)
    assert run(["lab", "record", "kept", "--for", "30s"]) == 0
    assert "reached its bound" in capsys.readouterr().err
    assert Recording(toy_lab / "kept").states() == []


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["kept"], 6, "there is no lab lab"),
        (["kept", "--for", "5h"], 2, "--for takes from 1s to 4h"),
        (["kept", "--for", "0s"], 2, "--for takes from 1s to 4h"),
        (["kept", "--for", "ever"], 2, "not a duration"),
    ],
)
def test_what_cannot_be_recorded_is_told(
    words: list[str], code: int, told: str, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert run(["lab", "record", *words]) == code
    assert told in capsys.readouterr().err
    assert not (tmp_path / "kept").exists()
