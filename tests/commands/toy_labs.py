"""A lab of toy parts for commands that need one to be up."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from infctl.commands import lab as lab_command
from infctl.commands.run import run
from infctl.lab import addresses, lifecycle


@pytest.fixture
def toy_lab(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A lab whose parts are toys: nobody answers its clients."""
    toy = Path(__file__).parents[1] / "lab" / "supervisor" / "toy_supervisor.py"
    # A folder of pytest's own would be too long for a unix socket.
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setenv("XDG_STATE_HOME", folder)
        monkeypatch.chdir(folder)
        monkeypatch.setattr(lifecycle, "PROGRAM", (sys.executable, str(toy)))
        monkeypatch.setattr(lab_command, "provide_programs", lambda: None)
        monkeypatch.setattr(addresses, "FIRST_LAB", 150)
        assert run(["init"]) == 0
        assert run(["lab", "up", "--regions", "1"]) == 0
        yield Path(folder)
        assert run(["lab", "down"]) == 0
