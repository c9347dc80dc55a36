"""Verbs that come too late, or name what is not there, are refused with a way on that works."""

import json
from dataclasses import replace

import pytest
from twelve_steps import Runs, begun, deciding_steps, runs

from infctl.commands.run import run as run_command
from infctl.errors import Exit
from infctl.executor import launch
from infctl.model.plan import Plan
from infctl.model.run import RunState, StepState

__all__ = ["runs"]


def _failover(plan: Plan) -> Plan:
    return replace(plan, name="failover", parameters={"region": "eu-west-1"})


@pytest.mark.parametrize("kind", ["failover", "twelve"])
@pytest.mark.parametrize("verb", ["undo", "stop"])
def test_what_ends_while_it_is_asked_takes_nothing_back_and_says_so(
    runs: Runs,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    verb: str,
    kind: str,
) -> None:
    """The executor takes what is asked, and its run is complete by then."""
    run = runs.launch(_failover(runs.plan) if kind == "failover" else runs.plan)

    def heard(*_: object) -> bool:
        runs.wait(run, lambda view: view.over)
        return False

    monkeypatch.setattr(launch, "revive", heard)
    assert run_command(["runs", verb, run]) == Exit.REFUSED
    said = capsys.readouterr().err
    assert "had ended as completed before it heard that" in said
    way_on = "infctl restore eu-west-1" if kind == "failover" else f"infctl runs show {run}"
    assert f"try: {way_on}" in said
    monkeypatch.undo()
    assert runs.effects() == runs.planned()


def test_undo_of_a_failover_that_is_over_names_the_verb_that_takes_it_back(
    runs: Runs, capsys: pytest.CaptureFixture[str]
) -> None:
    run = runs.launch(_failover(runs.plan))
    runs.wait(run, lambda view: view.over)
    assert run_command(["runs", "undo", run]) == Exit.REFUSED
    assert "try: infctl restore eu-west-1" in capsys.readouterr().err


def test_a_step_that_is_not_there_is_refused_with_the_nearest(
    runs: Runs, capsys: pytest.CaptureFixture[str]
) -> None:
    run = runs.launch(deciding_steps())
    runs.wait(run, lambda view: view.state is RunState.PAUSED_BY_FAILED_STEP)
    why = ["--reason", "x"]
    for words in (["skip", *why], ["retry"], ["ungraceful", *why, "--yes"]):
        assert run_command(["runs", words[0], run, *words[1:], "--step", "nonsense"]) == Exit.USAGE
        said = capsys.readouterr().err
        assert f"run {run} has no step nonsense" in said
        assert "one of: s01, s02" in said
    assert run_command(["runs", "skip", run, *why, "--step", "s1"]) == Exit.USAGE
    assert "did you mean s" in capsys.readouterr().err


def test_the_commands_that_come_next_can_be_typed_as_they_stand(
    runs: Runs, capsys: pytest.CaptureFixture[str]
) -> None:
    run = runs.launch(deciding_steps())
    runs.wait(run, lambda view: view.state is RunState.PAUSED_BY_FAILED_STEP)
    assert run_command(["runs", "show", run]) == Exit.DONE
    shown = capsys.readouterr().out.splitlines()
    following = [line.removeprefix("next: infctl ") for line in shown if line.startswith("next: ")]
    for verb in ("skip", "ungraceful"):
        assert f"runs {verb} {run} --reason WHY" in following
    assert run_command([*following[1].split(), "-o", "json"]) == Exit.DONE
    assert json.loads(capsys.readouterr().out)["items"][0]["decision"] == "skip"
    runs.wait(run, lambda view: view.step("s02").state is StepState.FAILED)
    assert run_command(["runs", "skip", run, "--reason", "x"]) == Exit.DONE
    runs.wait(run, lambda view: view.state is RunState.WAITING_FOR_APPROVAL)
    capsys.readouterr()
    assert run_command(["runs", "show", run]) == Exit.DONE
    shown = capsys.readouterr().out.splitlines()
    answers = [f"next: infctl runs answer {run} {answer}" for answer in ("yes", "no")]
    assert [line for line in shown if line.startswith("next: ")] == answers
    assert run_command(answers[0].split()[2:]) == Exit.DONE


def test_resume_prints_the_run_as_show_does(runs: Runs, capsys: pytest.CaptureFixture[str]) -> None:
    run = runs.launch()
    runs.wait(run, lambda view: begun(view) > 0)
    assert run_command(["runs", "resume", run, "-o", "json"]) == Exit.DONE
    printed = json.loads(capsys.readouterr().out)
    assert printed["kind"].startswith("Run")
    assert printed["items"][0]["state"] == "completed"
