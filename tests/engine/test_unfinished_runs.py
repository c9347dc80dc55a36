"""Whoever comes second is told who has the run, where, since when, how far, and how to watch it."""

from dataclasses import replace

import pytest

from infctl.engine.guards import refuse
from infctl.engine.unfinished import describe_run, longest
from infctl.errors import Refused
from infctl.model.outcome import Outcome, Word
from infctl.model.plan import GuardResult, Operation, Plan, Step
from infctl.model.run import RunState, RunView, StepState, StepView

RUN = "01m8dh9y0krb69yxzmxtjb20g7"
WAIT = Operation("wait_until")
STEPS = (
    Step("scale", WAIT, timeout=60.0),
    Step("hold", WAIT, timeout=10.0),
    Step("switch-off", WAIT, after=("scale", "hold"), timeout=30.0, max_attempts=2),
)
PLAN = Plan("failover", "Move traffic away", "lab", STEPS)
SEEN = tuple(
    StepView(step.id, state, started=started)
    for step, state, started in zip(
        STEPS,
        (StepState.DONE, StepState.RUNNING, StepState.WAITING),
        (5.0, 4.0, None),
        strict=True,
    )
)
VIEW = RunView(
    run=RUN,
    plan=PLAN,
    state=RunState.RUNNING,
    steps=SEEN,
    started=1_700_000_000.0,
    actor="bob@vm",
    holder={"host": "vm", "pid": 4711},
)


@pytest.mark.parametrize(
    ("change", "elsewhere", "told"),
    [
        (
            {},
            False,
            f"run {RUN} (Move traffic away) of bob@vm on vm (pid 4711) is running,"
            " begun 2023-11-14T22:13:20Z, last step scale (1 of 3),"
            f" at most 70 s more by its plan: infctl runs attach {RUN}",
        ),
        (
            {"holder": None, "steps": (), "state": RunState.IN_DOUBT},
            True,
            f"run {RUN} (Move traffic away) of bob@vm on another machine is in_doubt by its copy,"
            f" begun 2023-11-14T22:13:20Z: infctl runs attach {RUN},"
            " or infctl runs list --clusters",
        ),
        (
            {"steps": tuple(StepView(step.id) for step in STEPS), "state": RunState.PENDING},
            False,
            f"run {RUN} (Move traffic away) of bob@vm on vm (pid 4711) is pending,"
            " begun 2023-11-14T22:13:20Z, none of its 3 steps begun,"
            f" at most 120 s more by its plan: infctl runs attach {RUN}",
        ),
        (
            {"plan": None, "steps": (), "started": 0.0, "actor": "", "holder": "?"},
            False,
            f"run {RUN} (a run without a plan) is running: infctl runs attach {RUN}",
        ),
    ],
)
def test_who_comes_second_is_told_who_where_since_when_and_how_far(
    change: dict[str, object], elsewhere: bool, told: str
) -> None:
    assert describe_run(replace(VIEW, **change), run=RUN, elsewhere=elsewhere) == told  # type: ignore[arg-type]


def test_a_run_that_waits_for_people_has_no_end_in_sight() -> None:
    for change in ({"state": RunState.PAUSED_BY_OPERATOR}, {"course": "undo"}):
        told = describe_run(replace(VIEW, **change), run=RUN, elsewhere=False)
        assert "at most" not in told


def test_a_circle_of_steps_has_no_end_in_sight_either() -> None:
    circle = (Step("a", WAIT, after=("b",)), Step("b", WAIT, after=("a",)))
    assert longest(replace(PLAN, steps=circle), {}) == float("inf")


def test_the_refusal_offers_to_watch_the_other_run() -> None:
    for sentence, hint in (
        (describe_run(VIEW, run=RUN, elsewhere=False), f"infctl runs attach {RUN}; "),
        ("what others run was not read", ""),
    ):
        result = GuardResult("conflicting_run", Outcome(Word.FAILED, (sentence,)))
        with pytest.raises(Refused) as error:
            refuse((result,))
        assert error.value.hint == f"{hint}infctl runs list --clusters"
        assert sentence in error.value.what
