"""What guards say word by word: people decide by these sentences whether to override."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from guarded_plans import (
    AP,
    REGION,
    US,
    WAIT,
    answering,
    chain,
    changed,
    failing_over,
    guarded,
    production,
    scaling,
    switching_off,
)
from toy_facts import facts_at

from infctl.content.facts import Facts
from infctl.engine import guards
from infctl.model.measured import Measured, unknown
from infctl.model.outcome import Outcome, Word
from infctl.model.plan import BlastRadius, Operation, Plan, Step

SAYS: list[tuple[str, str, Plan, Callable[[], Facts], Outcome]] = [
    (
        "regions_on",
        "no region leaves",
        chain(Step("a", WAIT)),
        lambda: facts_at(1.0),
        Outcome(Word.PASSED, ("no region leaves",)),
    ),
    (
        "regions_on",
        "two stay",
        failing_over(),
        lambda: guarded(min_regions_on=1),
        Outcome(Word.PASSED, (f"2 regions on afterwards ({US}, {AP}), at least 1",)),
    ),
    (
        "regions_on",
        "exactly as many as it takes, by facts of yesterday",
        failing_over(),
        lambda: replace(guarded(min_regions_on=2), carried="as of yesterday"),
        Outcome(
            Word.PASSED,
            (f"2 regions on afterwards ({US}, {AP}), at least 2", "as of yesterday"),
        ),
    ),
    (
        "regions_on",
        "none stays",
        failing_over(),
        lambda: answering(guarded(min_regions_on=1), us_east_1=False, ap_south_1=False),
        Outcome(Word.FAILED, ("0 regions on afterwards (none), at least 1",)),
    ),
    (
        "regions_on",
        "one did not say",
        failing_over(),
        lambda: answering(guarded(min_regions_on=1), us_east_1=None, ap_south_1=False),
        Outcome(
            Word.ERRORED,
            ("0 regions on afterwards (none), at least 1", f"{US}: no answer"),
        ),
    ),
    (
        "regions_on",
        "a switch that is set",
        failing_over(),
        lambda: changed(guarded(min_regions_on=2), US, switched_off=Measured(True, 0.0, "test")),
        Outcome(Word.FAILED, (f"1 regions on afterwards ({AP}), at least 2",)),
    ),
    (
        "residency",
        "no zone bound",
        failing_over(),
        lambda: facts_at(1.0),
        Outcome(Word.PASSED, ("the platform file binds no zone",)),
    ),
    (
        "residency",
        "zones that lose nothing",
        failing_over(),
        lambda: guarded(bound_zones=("us", "ap")),
        Outcome(Word.PASSED, ("traffic of us, ap stays there",)),
    ),
    (
        "residency",
        "after a zone that loses nothing comes one that loses all",
        failing_over(),
        lambda: guarded(bound_zones=("us", "eu")),
        Outcome(Word.FAILED, ("no region of zone eu would be on: its traffic would leave it",)),
    ),
    (
        "error_budget",
        "recovery",
        failing_over(),
        production,
        Outcome(Word.PASSED, ("recovers, whatever the budget",)),
    ),
    (
        "error_budget",
        "simulated",
        failing_over(recovery=False),
        lambda: facts_at(1.0),
        Outcome(Word.PASSED, ("a simulated environment has no clients to protect",)),
    ),
    (
        "error_budget",
        "not asked",
        failing_over(recovery=False),
        production,
        Outcome(Word.ERRORED, ("the error budget is not known: it was not asked",)),
    ),
    (
        "error_budget",
        "no data",
        failing_over(recovery=False),
        lambda: production(unknown("test", 0.0, "no requests")),
        Outcome(Word.ERRORED, ("the error budget is not known: no requests",)),
    ),
    (
        "error_budget",
        "exactly nothing left",
        failing_over(recovery=False),
        lambda: production(Measured(0.0, 0.0, "test")),
        Outcome(Word.FAILED, ("0% of the error budget of 99.900% is left",)),
    ),
    (
        "error_budget",
        "a little left",
        failing_over(recovery=False),
        lambda: production(Measured(0.4, 0.0, "test")),
        Outcome(Word.PASSED, ("40% of the error budget of 99.900% is left",)),
    ),
    (
        "error_budget",
        "in part known",
        failing_over(recovery=False),
        lambda: production(Measured(0.4, 0.0, "test", "without ap-south-1")),
        Outcome(
            Word.ERRORED,
            ("40% of the error budget of 99.900% is left, as far as is known: without ap-south-1",),
        ),
    ),
    (
        "freeze",
        "frozen",
        failing_over(),
        lambda: replace(facts_at(1.0), frozen="frozen by ann"),
        Outcome(Word.FAILED, ("frozen by ann",)),
    ),
    (
        "freeze",
        "not frozen",
        failing_over(),
        lambda: facts_at(1.0),
        Outcome(Word.PASSED, ("nothing is frozen",)),
    ),
    (
        "conflicting_run",
        "two others",
        failing_over(),
        lambda: replace(facts_at(1.0), unfinished={"1": "run 1 is paused", "2": "run 2 runs"}),
        Outcome(Word.FAILED, ("run 1 is paused", "run 2 runs")),
    ),
    (
        "conflicting_run",
        "no other",
        failing_over(),
        lambda: facts_at(1.0),
        Outcome(Word.PASSED, ("no other run is unfinished",)),
    ),
    (
        "version_skew",
        "another engine",
        failing_over(engine=2),
        lambda: facts_at(1.0),
        Outcome(Word.FAILED, ("made for engine 2; this one is 1",)),
    ),
    (
        "version_skew",
        "operations of tomorrow, each named once",
        chain(
            Step("a", replace(WAIT, version=9)),
            Step("b", Operation("fly")),
            Step("c", Operation("fly")),
        ),
        lambda: facts_at(1.0),
        Outcome(Word.FAILED, ("this infctl does not know wait_steady version 9, fly version 1",)),
    ),
    (
        "version_skew",
        "all known",
        failing_over(),
        lambda: facts_at(1.0),
        Outcome(Word.PASSED, ("every operation is known",)),
    ),
    (
        "undo_exists",
        "all can",
        failing_over(),
        lambda: facts_at(1.0),
        Outcome(Word.PASSED, ("every change can be taken back",)),
    ),
    (
        "no_control_plane",
        "no recovery",
        failing_over(recovery=False),
        lambda: facts_at(1.0),
        Outcome(Word.PASSED, ("not a recovery plan",)),
    ),
    (
        "no_control_plane",
        "two declare it",
        replace(
            chain(
                Step("a", replace(WAIT, needs_control_plane=True)),
                Step("b", replace(WAIT, needs_control_plane=True)),
                Step("c", WAIT),
            ),
            recovery=True,
        ),
        lambda: facts_at(1.0),
        Outcome(Word.FAILED, ("needs a control plane: a, b",)),
    ),
    (
        "no_control_plane",
        "none needs it",
        replace(chain(Step("a", WAIT)), recovery=True),
        lambda: facts_at(1.0),
        Outcome(Word.PASSED, ("needs no control plane of the cloud",)),
    ),
    (
        "blast_radius",
        "a region that is not declared",
        replace(chain(scaling(AP, 3)), blast_radius=BlastRadius((REGION,))),
        lambda: facts_at(1.0),
        Outcome(Word.FAILED, (f"scale-{AP}-3 touches {AP}, which is not declared",)),
    ),
    (
        "blast_radius",
        "two that are",
        replace(chain(scaling(AP, 3)), blast_radius=BlastRadius((REGION, AP))),
        lambda: facts_at(1.0),
        Outcome(Word.PASSED, (f"touches {REGION}, {AP}",)),
    ),
    (
        "blast_radius",
        "a step that changes nothing lies in any region",
        chain(Step("a", replace(WAIT, region=AP))),
        lambda: facts_at(1.0),
        Outcome(Word.PASSED, ("touches nothing",)),
    ),
    (
        "steps_bounded",
        "two steps",
        chain(Step("a", WAIT), Step("b", WAIT)),
        lambda: facts_at(1.0),
        Outcome(Word.PASSED, ("2 steps, each with a bound",)),
    ),
    (
        "permissions",
        "no right needed",
        chain(Step("a", WAIT)),
        lambda: facts_at(1.0),
        Outcome(Word.PASSED, ("the plan needs no right of an API server",)),
    ),
    (
        "capacity",
        "no region leaves",
        chain(Step("a", WAIT)),
        lambda: facts_at(1.0),
        Outcome(Word.PASSED, ("no region leaves",)),
    ),
    (
        "capacity",
        "two survivors without metrics",
        failing_over(),
        lambda: changed(
            changed(facts_at(1.0), US, requests_per_second=unknown("test", 0.0, "no")),
            AP,
            requests_per_second=unknown("test", 0.0, "no"),
        ),
        Outcome(Word.ERRORED, (f"traffic is not known: no metrics from {US}, {AP}",)),
    ),
    (
        "capacity",
        "two survivors whose replicas nobody knows",
        failing_over(steps=(switching_off(REGION),)),
        lambda: changed(
            changed(facts_at(1.0), US, replicas=unknown("test", 0.0, "no")),
            AP,
            replicas=unknown("test", 0.0, "no"),
        ),
        Outcome(Word.ERRORED, (f"replicas are not known in {US}, {AP}",)),
    ),
]


@pytest.mark.parametrize(
    ("guard", "case", "plan", "facts", "outcome"), SAYS, ids=[f"{s[0]}: {s[1]}" for s in SAYS]
)
def test_a_guard_says_what_it_found(
    guard: str, case: str, plan: Plan, facts: Callable[[], Facts], outcome: Outcome
) -> None:
    assert guards.GUARDS[guard](plan, facts()) == outcome, case
