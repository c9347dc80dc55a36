"""The drill that loses a region: measured, checked by separate code, and reported."""

import json
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from living import ROOT, Living, is_host_limited, until

REGION = "ap-south-1"
SECOND_OPINION = ROOT / "tests" / "lab" / "rto_from_access_logs.py"

pytestmark = [pytest.mark.lab, pytest.mark.measured, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def drill(living: Living, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A drill whose viewer was killed in the middle: the run goes on and leaves its report.

    Where other work kept this machine busy it decides nothing, and is tried once more.
    """
    found = _drill(living, tmp_path_factory)
    return _drill(living, tmp_path_factory) if is_host_limited(found) else found


def _drill(living: Living, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    known = {item["name"] for item in living.read("runs", "list")["items"]}
    report = tmp_path_factory.mktemp("report")
    words = ("drill", "failover", "--region", REGION, "--load", "60", "--report", str(report))
    viewer = living.start(*words)
    try:
        until(lambda: _run(living) and _run(living)["name"] not in known, 60, "the run is listed")
        until(lambda: _step(living, "fault") == "done", 90, "the region is lost")
    finally:
        viewer.send_signal(signal.SIGKILL)
        viewer.wait(5)
    until(lambda: _run(living)["result"], 240, "the run ends without its viewer")
    found = _run(living)
    found["report"] = report
    return found


def _run(living: Living) -> dict[str, Any]:
    """The latest run; empty where there is none."""
    done = living.run("runs", "show", "latest", "-o", "json", code=None)
    found: dict[str, Any] = json.loads(done.stdout)["items"][0] if done.stdout else {}
    return found


def _step(living: Living, name: str) -> str:
    return next((str(s["state"]) for s in _run(living)["steps"] if s["id"] == name), "")


def test_health_checks_alone_recover_within_a_fifth_above_the_floor(drill: dict[str, Any]) -> None:
    result = drill["result"]
    assert drill["state"] == "completed", result
    assert result["outcome"] == "passed", result["evidence"]
    recovery = result["recovery"]
    assert recovery["ratio"] <= 1.2
    assert recovery["rto"] <= recovery["bound"] + 3
    assert sum(recovery["parts"].values()) == pytest.approx(recovery["rto"], abs=0.01)
    assert REGION not in recovery["shares"]


def test_the_gateways_access_logs_tell_the_same_recovery_time(
    living: Living, drill: dict[str, Any]
) -> None:
    lab = living.lab()
    logs = [lab.folder(region) / "access.log" for region in lab.regions if region.name != REGION]
    moments = drill["result"]["recovery"]["moments"]
    healed = next(s for s in drill["steps"] if s["id"] == "heal")
    until_then = datetime.fromisoformat(healed["started"]).timestamp()
    argv = [sys.executable, str(SECOND_OPINION), str(moments["fault"]), str(until_then)]
    told = subprocess.run(
        [*argv, *map(str, logs)], capture_output=True, text=True, check=True
    ).stdout
    assert float(told) == pytest.approx(drill["result"]["recovery"]["rto"], abs=0.3)
    window = moments["recovered"] - moments["fault"]
    assert drill["result"]["recovery"]["requests"] / window >= 50


def test_the_report_is_left_for_programs_ci_chats_and_people(drill: dict[str, Any]) -> None:
    folder: Path = drill["report"]
    names = {path.name for path in folder.iterdir()}
    assert {"run.json", "junit.xml", "summary.md", "report.html"} <= names
    written = json.loads((folder / "run.json").read_text())
    assert written["apiVersion"] == "infctl.dev/v1"
    assert "RTO" in (folder / "summary.md").read_text()
    page = (folder / "report.html").read_text()
    assert "<svg" in page
    assert 'src="http' not in page


def test_the_region_serves_again_afterwards(living: Living, drill: dict[str, Any]) -> None:
    del drill
    until(lambda: living.regions()[REGION]["state"] == "healthy", 40, f"{REGION} is healthy")


def test_the_drill_is_in_the_history(living: Living, drill: dict[str, Any]) -> None:
    rows = living.read("drill", "history")["items"]
    assert rows[0]["name"] == drill["name"]
    assert rows[0]["rto"] == pytest.approx(drill["result"]["recovery"]["rto"])
