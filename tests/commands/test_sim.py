"""infctl sim as people call it: its figures, its JSON, and how it leaves."""

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from infctl.commands.output import API_VERSION
from infctl.commands.run import run
from infctl.errors import Exit
from infctl.simulator.faults import FAULTS
from infctl.simulator.invariants import judges


@pytest.fixture(autouse=True)
def _speaking_again() -> Iterator[None]:
    # The command stops what runs say of their faults, for the whole process.
    yield
    logging.disable(logging.NOTSET)


Items = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def items(capsys: pytest.CaptureFixture[str]) -> Items:
    def ask(*words: str, leaves: int = 0) -> list[dict[str, Any]]:
        assert _leave(*words, "-o", "json") == leaves
        found = json.loads(capsys.readouterr().out)
        assert {"apiVersion", "kind", "items"} <= set(found)
        assert found["apiVersion"] == API_VERSION
        return list(found["items"])

    return ask


def _leave(*words: str) -> int:
    try:
        return int(run(["sim", *words]) or 0)
    except SystemExit as left:
        return int(left.code or 0)


def test_runs_without_a_broken_rule_leave_with_0_and_their_figures(items: Items) -> None:
    (item,) = items("--seed", "7", "--runs", "12")
    assert (item["seed"], item["runs"], item["failed"], item["failures"]) == (7, 12, 0, [])
    for figure in ("runs_per_second", "cpu_seconds", "virtual_seconds", "acts"):
        assert isinstance(item[figure], (int, float))
        assert item[figure] > 0
    assert sum(item["faults"].values()) > 0


def test_only_the_faults_that_were_asked_for_are_injected(items: Items) -> None:
    (item,) = items("--runs", "25", "--faults", "kill,reply_lost")
    assert set(item["faults"]) <= {"kill", "reply_lost"}
    (item,) = items("--runs", "5", "--faults", "none")
    assert item["faults"] == {}


def test_the_kinds_of_faults_are_listed_with_their_sentences(items: Items) -> None:
    assert {i["name"]: i["what"] for i in items("--list-faults")} == FAULTS


def test_a_broken_rule_leaves_with_3_and_says_how_to_repeat_it(
    items: Items, monkeypatch: pytest.MonkeyPatch
) -> None:
    def every_seed_fails(simulation: object, job: object) -> str:
        return "seen by a rule that nothing can keep"

    monkeypatch.setattr(judges, "END", (*judges.END, every_seed_fails))
    (item,) = items("--seed", "3", "--runs", "1", leaves=Exit.MEASURED_BAD)
    (failure,) = item["failures"]
    assert item["failed"] == 1
    assert failure["seed"] == 3
    assert failure["rule"] == "every_seed_fails"
    assert failure["command"] == "again: infctl sim --seed 3 --runs 1"
    assert any(line.startswith("plan: 1 steps") for line in failure["scenario"])


def test_a_broken_rule_is_printed_within_80_columns_but_for_its_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judges, "END", (_always,))
    assert _leave("--seed", "3", "--runs", "1") == Exit.MEASURED_BAD
    printed = capsys.readouterr().out
    assert "seed 3 breaks _always: no" in printed
    assert max(map(len, printed.splitlines())) <= 80


def _always(simulation: object, job: object) -> str:
    return "no"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--faults", "kill,typo"), "there is no fault typo"),
        (("--soak", "soon"), "--soak soon"),
        (("--runs", "0"), "--runs"),
        (("--seed", "-1"), "--seed"),
    ],
)
def test_bad_input_leaves_with_2_and_no_traceback(
    words: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _leave(*words) == Exit.USAGE
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err
    assert told in printed.err
    assert not printed.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--soak", "0s"), "some time"),
        (("--soak", "soon"), "--soak soon"),
        (("--soak", "1h", "--runs", "5"), "--runs and --soak"),
    ],
)
def test_what_a_soak_cannot_mean_is_refused(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    assert _leave(*words) == Exit.USAGE
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(("form", "lines"), [("name", 1), ("jsonl", 1), ("wide", 5)])
def test_each_form_of_the_result_is_what_it_is_elsewhere(
    capsys: pytest.CaptureFixture[str], form: str, lines: int
) -> None:
    assert _leave("--seed", "7", "--runs", "2", "-o", form) == 0
    out = capsys.readouterr().out
    assert len(out.splitlines()) >= lines
    assert ("apiVersion" in out) is False
    if form == "name":
        assert out == "simulation/seed-7\n"
    if form == "jsonl":
        assert json.loads(out)["seed"] == 7
