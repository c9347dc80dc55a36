"""infctl as a program over the toy world, in a state folder of the test's own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from test_moving_traffic import MAIN, ROOT


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    """The words that start it."""
    folders = {name: str(ROOT / "tests" / name) for name in ("engine", "executor")}
    main = tmp_path / "main.py"
    main.write_text(MAIN.format(**folders))
    return [sys.executable, str(main), "--platform", str(ROOT / "platform.yaml")]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Its variables."""
    return {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")}


def call(
    command: list[str], environment: dict[str, str], *words: str
) -> "subprocess.CompletedProcess[str]":
    """Run it to its end, without a terminal."""
    return subprocess.run(
        [*command, *words],
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
