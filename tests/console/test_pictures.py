"""What the timeline draws of a run, as a table of journals' views."""

from dataclasses import replace
from typing import Any

import pytest

from infctl.console.pictures import draw_run, recovery_clock
from infctl.console.timeline import step_lines
from infctl.model.plan import Operation, Plan, Step
from infctl.model.run import RunState, RunView, StepState, StepView

PLAN = Plan(
    "drill-failover",
    "Drill failover of eu-west-1 (region-loss)",
    "lab",
    (
        Step("fault", Operation("inject_fault"), expectation="everything in eu-west-1 is killed"),
        Step("recovered", Operation("wait_recovered"), ("fault",)),
    ),
    parameters={"fault_step": "fault"},
)
FAULT = StepView("fault", StepState.DONE, started=109.0, ended=110.5, duration=1.5)
WAITING = StepView("recovered")


def view(fault: StepView, recovered: StepView = WAITING, **more: Any) -> RunView:
    base = RunView(run="01a", plan=PLAN, state=RunState.RUNNING, started=100.0)
    return replace(base, steps=(fault, recovered), **more)


HURT = replace(FAULT, result={"at": 110.0})
SEEN = replace(WAITING, state=StepState.DONE, started=110.5, ended=160.0, duration=49.5)
OVER = {"recovery": {"rto": 48.2}, "summary": ["outcome: passed"]}


@pytest.mark.parametrize(
    ("run", "clock"),
    [
        (view(StepView("fault")), ""),
        (view(FAULT), ""),
        (view(HURT), "90.0 s and counting"),
        (view(HURT, SEEN), "at most 50.0 s"),
        (view(HURT, SEEN, state=RunState.COMPLETED, ended=190.0, result=OVER), "48.2 s"),
        (view(HURT, SEEN, state=RunState.FAILED, ended=190.0, result={}), ""),
        (RunView(), ""),
    ],
    ids=["no fault", "no moment", "running", "recovered", "measured", "not measured", "empty"],
)
def test_the_recovery_clock_runs_from_the_fault_and_ends_in_what_was_measured(
    run: RunView, clock: str
) -> None:
    assert recovery_clock(run, now=200.0) == clock


def test_steps_are_drawn_with_their_sentence_and_seconds_from_the_start() -> None:
    picture = draw_run(view(HURT), now=200.0)
    assert picture.steps == (
        ("fault", "everything in eu-west-1 is killed", "done", 9.0, 1.5),
        ("recovered", "recovered", "waiting", None, None),
    )
    assert picture.elapsed == 100.0
    assert not picture.ended


def test_a_run_that_is_over_stands_still() -> None:
    over = view(HURT, SEEN, state=RunState.COMPLETED, ended=190.0, result=OVER)
    picture = draw_run(over, now=999.0)
    assert (picture.elapsed, picture.summary, picture.ended) == (90.0, ("outcome: passed",), True)


def test_a_run_that_ended_early_says_why_and_no_step_of_it_waits() -> None:
    over = view(
        replace(FAULT, state=StepState.UNDONE),
        state=RunState.ROLLED_BACK,
        reason="taken back: asked by a person",
        ended=190.0,
        result={"summary": ["outcome: errored"]},
    )
    picture = draw_run(over, now=200.0)
    assert picture.summary == ("why: taken back: asked by a person", "outcome: errored")
    undone, never = step_lines(picture)
    assert undone.startswith("[<] everything in eu-west-1 is killed")
    assert "not run" in never
    assert "waiting" not in never


@pytest.mark.parametrize(
    ("state", "verbs"),
    [
        (RunState.RUNNING, "pause undo stop"),
        (RunState.PAUSED_BY_OPERATOR, "resume undo stop"),
        (RunState.PAUSED_BY_FAILED_STEP, "retry skip ungraceful undo stop"),
        (RunState.PAUSED_BY_CONFLICT, "retry skip ungraceful undo stop"),
        (RunState.IN_DOUBT, "resume undo"),
        (RunState.COMPLETED, ""),
        (RunState.PENDING, ""),
    ],
)
def test_a_picture_offers_what_the_run_takes_in_its_state(state: RunState, verbs: str) -> None:
    assert draw_run(view(HURT, state=state), now=200.0).verbs == tuple(verbs.split())
