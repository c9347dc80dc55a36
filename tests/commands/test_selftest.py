"""infctl selftest: what it says, and how it leaves."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

CRASH = ("selftest", "--crash", "--points", "1", "--images", "40")


def infctl(state: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "infctl", *words],
        capture_output=True,
        text=True,
        timeout=100,
        env={**os.environ, "COLUMNS": "80", "XDG_STATE_HOME": str(state), **environment},
    )


def items_of(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    return {item["name"]: item for item in json.loads(done.stdout)["items"]}


def test_alone_it_says_what_it_offers(tmp_path: Path) -> None:
    done = infctl(tmp_path, "selftest")
    assert done.returncode == 0
    assert "infctl selftest --crash" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_a_crash_test_counts_what_it_tried_and_leaves_nothing_behind(tmp_path: Path) -> None:
    done = infctl(tmp_path, *CRASH, "-o", "json")
    assert done.returncode == 0, done.stderr
    items = items_of(done)
    assert items["kill points"]["tried"] == 1
    assert items["disk images"]["tried"] == 40
    assert items["proof: NORMAL loses"]["by"]["images that lost records"] > 0
    assert all(item["findings"] == [] for item in items.values())
    assert list((tmp_path / "infctl").iterdir()) == []


def test_a_spoiled_journal_is_found_and_each_finding_says_how_to_repeat_it(tmp_path: Path) -> None:
    done = infctl(tmp_path, *CRASH, "--prove", "-o", "json")
    assert done.returncode == 3, done.stderr
    images = items_of(done)["disk images"]
    assert images["lost"] >= 10
    repeat = images["findings"][0]["repeat"].split()[1:]
    again = infctl(tmp_path, *repeat)
    assert again.returncode == 3, again.stderr
    assert max(map(len, again.stdout.splitlines())) <= 80


def test_a_trial_that_does_not_exist_is_no_pass(tmp_path: Path) -> None:
    done = infctl(tmp_path, "selftest", "--crash", "--only", "kill/nothing/1")
    assert done.returncode == 6
    assert "no trial named kill/nothing/1" in done.stderr


def test_without_strace_it_says_what_to_install(tmp_path: Path) -> None:
    cache = str(tmp_path / "cache")
    done = infctl(tmp_path, *CRASH, PATH=str(tmp_path), XDG_CACHE_HOME=cache)
    assert done.returncode == 6
    assert "apt-get install strace" in done.stderr
    assert "Traceback" not in done.stderr
