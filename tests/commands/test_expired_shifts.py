"""Shifts on the command line: listed, expired, given back where the region is fit."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HERE, KEEPER = "eu-west-1", "us-east-1"
# As in test_moving_traffic, with one region switched off before the command begins.
MAIN = """
import sys
from dataclasses import replace
sys.path[:0] = [{engine!r}, {executor!r}]
from toy_executor import FastClock
from toy_world import Toy
import infctl.wiring
from infctl.executor import launch

def open_world(platform, environment):
    clock = FastClock()
    clock.boottime()
    toy = Toy(clock=clock, objects={objects!r}, ready={ready!r}, silent={silent!r})
    return replace(toy.world(), environment=environment)

infctl.wiring.open_world = open_world
launch.EXECUTOR = (sys.executable, {executor!r} + "/toy_executor.py")
from infctl.commands.run import run
raise SystemExit(run(sys.argv[1:]))
"""
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def started(
        *arguments: str,
        expires: float = 1.0,
        ready: dict[str, int] | None = None,
        silent: tuple[str, ...] = (),
    ) -> "subprocess.CompletedProcess[str]":
        body = json.dumps({"who": "ann", "reason": "power", "at": 1.0, "expires": expires})
        objects = {(KEEPER, f"vision-switches-{KEEPER}", f"off/{HERE}"): body.encode()}
        main = tmp_path / "main.py"
        main.write_text(
            MAIN.format(
                engine=str(ROOT / "tests" / "engine"),
                executor=str(ROOT / "tests" / "executor"),
                objects=objects,
                ready=ready or {},
                silent=set(silent),
            )
        )
        return subprocess.run(
            [sys.executable, str(main), "--platform", str(ROOT / "platform.yaml"), *arguments],
            env={**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )

    return started


def test_shifts_are_listed_with_owner_reason_and_end(run: Run) -> None:
    done = run("failover", "--list", "-o", "json", expires=time.time() + 7200)
    assert done.returncode == 0, done.stderr
    (item,) = json.loads(done.stdout)["items"]
    assert (item["name"], item["owner"], item["reason"]) == (HERE, "ann", "power")
    assert item["expired"] is False


def test_the_status_names_an_expired_shift_and_what_to_type(run: Run) -> None:
    done = run("status")
    assert f"{HERE} is off by ann: power; EXPIRED" in done.stdout
    assert "infctl restore --expired" in done.stdout


def test_an_expired_shift_of_a_fit_region_is_given_back(run: Run) -> None:
    done = run("restore", "--expired", "--yes", "-o", "json")
    assert done.returncode == 0, done.stderr
    (item,) = json.loads(done.stdout)["items"]
    assert item["parameters"]["region"] == HERE
    assert item["state"] == "completed"


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"expires": 1e11}, 0, "expires in"),
        ({"ready": {HERE: 1}}, 3, "it stays off: 1 of 2 replicas ready"),
        ({"silent": (KEEPER, "ap-south-1")}, 6, f"whether {HERE} is switched off is not known"),
    ],
)
def test_whatever_is_not_fit_stays_off_with_the_reason(
    run: Run, changes: dict[str, object], code: int, words: str
) -> None:
    done = run("restore", "--expired", "--yes", **changes)
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("failover",), "name the region"),
        (("failover", HERE, "--for", "soon"), "--for"),
        (("failover", HERE, "--for", "100h"), "from 1m to 72h"),
        (("failover", HERE, "--for", "1s"), "from 1m to 72h"),
        (("restore",), "name one region, or --expired"),
        (("restore", HERE, "--expired"), "name one region, or --expired"),
    ],
)
def test_what_cannot_be_meant_is_refused(run: Run, arguments: tuple[str, ...], words: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
