"""A journal in a folder of its own, and what its errors say."""

import os
from pathlib import Path

import pytest
from journal_chains import chain
from toy_world import ToyClock

from infctl.engine.journal import FileJournal
from infctl.model.journal import Kind

THREE = chain(Kind.PLAN, Kind.PAUSE, Kind.HEAD)
DOUBT = "the run is in doubt and is not resumed by itself"
SETTLE = "infctl runs show 01run"
OURS = os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


@pytest.fixture(autouse=True)
def no_second_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is kept elsewhere but in the test's own folder."""
    monkeypatch.setenv("INFCTL_SPILL", str(tmp_path / "spill"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run's folder."""
    (tmp_path / "run").mkdir(mode=0o700)
    return tmp_path / "run"


def open_journal(folder: Path) -> FileJournal:
    """The journal of one run in it."""
    return FileJournal(folder, run="01run", plan_digest="d" * 64, actor="me", clock=ToyClock())
