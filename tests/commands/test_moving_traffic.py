"""failover, restore, drill and runs on the command line, over the toy world."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REGION = "eu-west-1"
# The command line with the toy world in place of a real one; its executors as well.
MAIN = """
import sys
from dataclasses import replace
from pathlib import Path
sys.path[:0] = [{engine!r}, {executor!r}]
from toy_executor import FastClock
from toy_world import Toy
import infctl.wiring
from infctl.executor import launch

def open_world(platform, environment):
    clock = FastClock()
    clock.boottime()
    return replace(Toy(clock=clock).world(), environment=environment)

infctl.wiring.open_world = open_world
launch.EXECUTOR = (sys.executable, {executor!r} + "/toy_executor.py")
from infctl.commands.run import run
raise SystemExit(run(sys.argv[1:]))
"""


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    folders = {name: str(ROOT / "tests" / name) for name in ("engine", "executor")}
    main = tmp_path / "main.py"
    main.write_text(MAIN.format(**folders))
    platform = str(ROOT / "platform.yaml")
    return [sys.executable, str(main), "--platform", platform]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")}


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["failover", "eu-wset-1"], 2, "did you mean eu-west-1?"),
        (["failover", REGION], 5, "--confirm=eu-west-1"),
        (["failover", REGION, "--confirm=us-east-1", "--reason", "x"], 5, "is not eu-west-1"),
        (["failover", REGION, "--break-glass", "capacity"], 2, "needs --reason"),
        (["failover", REGION, "--break-glass", "capacty", "--reason", "x"], 2, "mean capacity?"),
        (["restore", REGION, "--break-glass", "lock"], 2, "needs --reason"),
        (["restore", "--expired", "--break-glass", "lock"], 2, "for one region by name"),
        (["restore", REGION], 5, "--yes"),
        (["drill", "failover", "--region", "mars"], 2, "one of"),
        (["runs", "show", "../../etc"], 2, "there is no run"),
        (["runs", "attach"], 2, "there is no run"),
        (["runs", "skip", "nothing", "--reason", "x"], 2, "there is no run"),
    ],
)
def test_what_is_refused_says_what_to_type(
    command: list[str], environment: dict[str, str], arguments: list[str], code: int, words: str
) -> None:
    done = subprocess.run(
        [*command, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert done.stdout == ""


def test_a_dry_run_shows_everything_and_changes_nothing(
    command: list[str], environment: dict[str, str], tmp_path: Path
) -> None:
    done = subprocess.run(
        [*command, "failover", REGION, "--dry-run", "-o", "json"],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    (item,) = json.loads(done.stdout)["items"]
    assert [step["id"] for step in item["plan"]["steps"]] == ["switch-off", "verify"]
    assert {guard["outcome"] for guard in item["guards"]} == {"passed"}
    assert item["plan"]["predicted"][REGION] == 0.0
    runs = tmp_path / "state" / "infctl" / "runs"
    assert not runs.exists() or not list(runs.iterdir())


def test_failover_then_the_run_can_be_looked_at(
    command: list[str], environment: dict[str, str]
) -> None:
    done = subprocess.run(
        [*command, "failover", REGION, "--confirm", REGION, "--reason", "x", "-o", "json"],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    (item,) = json.loads(done.stdout)["items"]
    assert item["state"] == "completed"
    assert "done     verify" in done.stderr
    listed = subprocess.run(
        [*command, "runs", "list", "-o", "name"], env=environment, capture_output=True, text=True
    )
    assert listed.stdout == f"run/{item['name']}\n"


def test_a_drill_prints_its_recovery_time_on_stdout(
    command: list[str], environment: dict[str, str], tmp_path: Path
) -> None:
    report = tmp_path / "report"
    done = subprocess.run(
        [*command, "drill", "failover", "--region", REGION, "--report", str(report)],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for word in ("RTO ", "detection", "floor", "bound 52s", "Route 53: interval 10 s", "p99"):
        assert word in done.stdout
    assert (report / "report.html").is_file()
    history = subprocess.run(
        [*command, "drill", "history"], env=environment, capture_output=True, text=True
    )
    assert "region-loss  completed  passed" in history.stdout


def test_the_first_ctrl_c_heals_a_drill_and_says_what_remains(
    command: list[str], environment: dict[str, str]
) -> None:
    process = subprocess.Popen(
        [*command, "drill", "failover", "--region", REGION],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    seen = _read_until(process.stderr.readline, "started  recovered")
    process.send_signal(signal.SIGINT)
    out, rest = process.communicate(timeout=30)
    assert process.returncode == 1, seen + rest
    assert "remaining: heal" in rest
    assert "done     heal" in rest
    assert "rolled_back (taken back: asked by " in out


def _read_until(readline: "object", words: str) -> str:
    assert callable(readline)
    seen = ""
    deadline = time.monotonic() + 30
    while words not in seen and time.monotonic() < deadline:
        seen += readline()
    return seen
