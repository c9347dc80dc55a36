"""infctl doctor on the command line, over a fake environment."""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "executor"))

from healthy_world import healthy_world

import infctl.wiring
from infctl.commands import doctor as doctor_command
from infctl.commands.context import make_context
from infctl.commands.glass import deliver_waiting
from infctl.commands.run import run
from infctl.executor import examining
from infctl.executor.alarms import keep_alarm
from infctl.executor.looking import Look, mark_of
from infctl.fakes.endpoint import Mood
from infctl.fakes.world import FakeWorld
from infctl.model.alarm import Alarm

ROOT = Path(__file__).parents[2]
HERE = "eu-west-1"
Doctor = Callable[..., int]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeWorld:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(examining, "DEADLINE", 0.3)
    monkeypatch.setattr(examining, "medium_problem", lambda _: "")
    found = asyncio.run(healthy_world(monkeypatch, tmp_path / "infctl"))

    def open_world(platform: Any, environment: str) -> Any:
        return found.world("fake")

    monkeypatch.setattr(infctl.wiring, "open_world", open_world)
    return found


@pytest.fixture
def doctor() -> Doctor:
    def call(*arguments: str) -> int:
        return int(run(["--platform", str(ROOT / "platform.yaml"), "doctor", *arguments]))

    return call


def test_where_all_is_well_nothing_is_on_stdout(
    fake: FakeWorld, doctor: Doctor, capsys: pytest.CaptureFixture[str]
) -> None:
    assert doctor() == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "of 20 checks are as they should be" in err


def test_what_failed_comes_with_evidence_and_the_next_command(
    fake: FakeWorld, doctor: Doctor, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.metrics[HERE].values["time()"] = lambda: fake.clock.wall() + 99
    assert doctor("-o", "json") == 3
    content = json.loads(capsys.readouterr().out)
    bad = [i for i in content["items"] if i["outcome"] != "passed"]
    assert [(i["name"], i["place"], i["outcome"]) for i in bad] == [("clock", HERE, "failed")]
    assert "+99.0 s from ours" in bad[0]["evidence"][0]
    assert bad[0]["next"]


def test_what_could_not_be_measured_is_undecided(
    fake: FakeWorld, doctor: Doctor, capsys: pytest.CaptureFixture[str]
) -> None:
    del fake.metrics[HERE].values["time()"]
    assert doctor() == 6
    assert "errored" in capsys.readouterr().out


def test_it_goes_on_and_prints_changes_only(
    fake: FakeWorld,
    doctor: Doctor,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moods = iter([Mood.ANSWERING, Mood.SILENT, Mood.SILENT, Mood.ANSWERING])
    printed = []

    def wait(last: Look, period: float, mark: Callable[[], str], _: object) -> None:
        assert (period, last.mark) == (1800, mark())
        printed.append(capsys.readouterr().out)
        try:
            fake.metrics[HERE].endpoint.mood = next(moods)
        except StopIteration:
            raise KeyboardInterrupt from None

    monkeypatch.setattr(doctor_command, "wait_until_due", wait)
    doctor("--every", "30m", "-o", "json")
    first, still_well, lost, still_lost, back = printed
    assert (first, still_well, still_lost) == ("", "", "")
    assert {json.loads(line)["outcome"] for line in lost.splitlines()} >= {"failed", "errored"}
    assert {json.loads(line)["outcome"] for line in back.splitlines()} == {"passed"}


@pytest.mark.parametrize("change", ["platform file", "access file", "kubeconfig", "freeze", "run"])
def test_it_looks_again_at_once_when_something_changed(
    change: str, fake: FakeWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, file = tmp_path / "infctl", tmp_path / "platform.yaml"
    file.write_text("a")
    paths = {
        "platform file": file,
        "access file": state / "environments" / "fake.json",
        "kubeconfig": state / "kubeconfig",
        "freeze": state / "freeze.json",
    }
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        assert len(slept) < 4, "it was not seen"
        if len(slept) == 3 and change == "run":
            (state / "runs" / ("0" * 26)).mkdir()
        elif len(slept) == 3:
            with paths[change].open("a") as opened:
                opened.write(" ")

    monkeypatch.setattr("time.sleep", sleep)
    mark = partial(mark_of, file, "fake")
    doctor_command.wait_until_due(Look(time.time(), mark(), 0), 1800.0, mark, lambda: None)
    assert len(slept) == 3


def test_alarms_that_wait_are_delivered_within_a_minute_while_it_sleeps(
    fake: FakeWorld, doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_alarm(Alarm("r1", "fake", "fail over", ("capacity",), "fire", "ann", 1.0))
    fake.notices.routes["on-call"].mood = Mood.SILENT
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        fake.notices.routes["on-call"].mood = Mood.ANSWERING
        if sum(slept) > 60 or fake.notices.taken:
            raise KeyboardInterrupt

    file = ROOT / "platform.yaml"
    context = make_context(file, None)
    mark = partial(mark_of, file, "fake")
    monkeypatch.setattr("time.sleep", sleep)
    errand = partial(deliver_waiting, context, "fake")
    with pytest.raises(KeyboardInterrupt):
        doctor_command.wait_until_due(Look(time.time(), mark(), 0), 1800.0, mark, errand)
    assert list(fake.notices.taken) == [("on-call", "alarm/r1")]


def test_a_platform_file_that_became_wrong_is_told_and_tried_again(
    fake: FakeWorld,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "platform.yaml"
    file.write_text("regions: 1\n")
    looks = iter([(ROOT / "platform.yaml").read_text()])

    def wait(*_: Any) -> None:
        try:
            file.write_text(next(looks))
        except StopIteration:
            raise KeyboardInterrupt from None

    monkeypatch.setattr(doctor_command, "wait_until_due", wait)
    run(["--platform", str(file), "doctor", "--every", "30m"])
    wrong, _, right = capsys.readouterr().err.partition("all is as it should be")
    assert "nothing was checked" in wrong
    assert right


@pytest.mark.parametrize("period", ["soon", "1s", "-5m"])
def test_a_period_that_cannot_be_meant_is_refused(
    period: str, fake: FakeWorld, doctor: Doctor, capsys: pytest.CaptureFixture[str]
) -> None:
    assert doctor(f"--every={period}") == 2
    assert "--every" in capsys.readouterr().err
