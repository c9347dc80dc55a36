"""What people wait for at the prompt loads no SDK, no Textual and no lab; proved in processes."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from infctl.errors import Exit

HEAVY = {
    "boto3",
    "botocore",
    "dns",
    "gevent",
    "kubernetes",
    "locust",
    "moto",
    "prometheus_api_client",
    "textual",
    "infctl.clients",
    "infctl.console.app",
    "infctl.lab",
}
PROBE = """
import json, os, sys
from infctl.__main__ import main
code = None
try:
    main()
except SystemExit as leaving:
    code = leaving.code
with open(os.environ["MODULES"], "w") as file:
    json.dump({"code": code, "modules": list(sys.modules)}, file)
"""
BARE = """
import typer
app = typer.Typer()
@app.command()
def first(name: str = "x") -> None:
    "The first."
@app.command()
def second(name: str = "x") -> None:
    "The second."
app()
"""
COMPLETION = {"_INFCTL_COMPLETE": "complete_bash", "COMP_WORDS": "infctl st", "COMP_CWORD": "1"}


def loaded(
    tmp_path: Path, *words: str, code: int = 0, variables: Mapping[str, str] | None = None
) -> tuple[str, set[str]]:
    """What the command prints, and the modules that it has loaded at its end."""
    found = tmp_path / "modules.json"
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path), **(variables or {})}
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *words],
        env=environment | {"MODULES": str(found)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    told = json.loads(found.read_text())
    assert (told["code"] or 0) == code, done.stderr
    return done.stdout, set(told["modules"])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("--help", "Rehearse and learn"),
        ("status --help", "--exit-status"),
        ("deploy plan --help", "Usage"),
        ("failover --help", "region"),
        ("lab up --help", "--name"),
        ("console --help", "Usage"),
        ("drill list", "failover"),
        ("runs list", ""),
        ("version", "infctl"),
        ("completion bash", "complete"),
    ],
)
def test_help_lists_and_completion_load_nothing_heavy(
    tmp_path: Path, words: str, expected: str
) -> None:
    printed, modules = loaded(tmp_path, *words.split())
    assert expected in printed
    assert modules & HEAVY == set()


def test_completing_a_word_loads_nothing_heavy(tmp_path: Path) -> None:
    printed, modules = loaded(tmp_path, variables=COMPLETION)
    assert "status" in printed
    assert modules & HEAVY == set()


def test_the_probe_sees_what_is_loaded(tmp_path: Path) -> None:
    _, modules = loaded(tmp_path, "lab", "status", "--name", "none-such", code=Exit.UNDECIDED)
    assert "infctl.lab" in modules


def seconds(*argv: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *argv], check=True, stdout=subprocess.DEVNULL, timeout=60)
    return time.perf_counter() - began


def test_help_takes_at_most_one_and_a_half_times_a_bare_typer_program(tmp_path: Path) -> None:
    bare = tmp_path / "bare.py"
    bare.write_text(BARE)
    ours, theirs = [], []
    # In turns, so that whatever else the machine does falls on both.
    for _ in range(7):
        theirs.append(seconds(str(bare), "--help"))
        ours.append(seconds("-m", "infctl", "--help"))
    assert statistics.median(ours) <= 1.5 * statistics.median(theirs)
