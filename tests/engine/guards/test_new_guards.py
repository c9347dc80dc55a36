"""Guards of the plan's own shape, freezes, zones, budgets, rights and versions, as tables."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from toy_facts import PLATFORM, facts_at

from infctl.content.facts import Facts
from infctl.engine import guards
from infctl.engine.guards import bounds
from infctl.engine.handler import Permission
from infctl.engine.operations import find
from infctl.model.measured import Measured, unknown
from infctl.model.outcome import Word
from infctl.model.plan import BlastRadius, Operation, Plan, Step
from infctl.platform import Platform
from infctl.ports.cluster import DEPLOYMENT
from infctl.runbooks import failover, restore

REGION = "eu-west-1"
RIGHT = Permission("us-east-1", "patch", DEPLOYMENT, "vision")
WAIT = Operation("wait_steady", {})


def _plan(**changes: Any) -> Plan:
    return replace(failover.plan(facts_at(1.0), REGION, "test"), **changes)


def _with(platform: Platform, **values: Any) -> Facts:
    facts = facts_at(1.0)
    return replace(facts, platform=platform.model_copy(update=values))


def _prod() -> Facts:
    found = PLATFORM.environments[PLATFORM.overlay].model_copy(update={"kind": "prod"})
    return _with(PLATFORM, environments={PLATFORM.overlay: found})


def _bound(*zones: str) -> Facts:
    return _with(PLATFORM, guards=PLATFORM.guards.model_copy(update={"bound_zones": zones}))


def _chain(*steps: Step) -> Plan:
    return Plan("x", "x", "lab", steps)


def _needing(monkeypatch: pytest.MonkeyPatch, *rights: Permission) -> None:
    handler = find("switch_region_off", 1)
    monkeypatch.setattr(type(handler), "permissions", lambda self, args: rights)


SHAPES: list[tuple[str, Plan, str]] = [
    ("nothing to do", _chain(), "no step"),
    ("unknown step before", _chain(Step("a", WAIT, ("b",))), "waits for b, which is no step"),
    ("a circle", _chain(Step("a", WAIT, ("b",)), Step("b", WAIT, ("a",))), "wait for each other"),
    ("waits for itself", _chain(Step("a", WAIT, ("a",))), "wait for each other"),
    ("twice the same id", _chain(Step("a", WAIT), Step("a", WAIT)), "2 steps a"),
    ("reverts nothing", _chain(Step("a", WAIT, reverts="b")), "reverts b, which is no step"),
    ("no timeout", _chain(Step("a", WAIT, timeout=0.0)), "no timeout"),
    ("never ends", _chain(Step("a", WAIT, timeout=float("inf"))), "no timeout"),
    ("no number", _chain(Step("a", WAIT, timeout=float("nan"))), "no timeout"),
    ("longer than a day", _chain(Step("a", WAIT, timeout=1e6)), "no timeout"),
    ("retries for ever", _chain(Step("a", WAIT, max_attempts=10**9)), "would be tried"),
    ("never tried", _chain(Step("a", WAIT, max_attempts=0)), "would be tried"),
    ("another way on", _chain(Step("a", WAIT, on_failure="shrug")), "no way on"),
    ("an id that is none", _chain(Step("../a", WAIT)), "no id"),
    ("a deadline below zero", replace(_chain(Step("a", WAIT)), deadline=-1.0), "deadline"),
    (
        "more steps than anybody reads",
        _chain(*(Step(f"s{n}", WAIT) for n in range(bounds.MOST_STEPS + 1))),
        "at most 1000",
    ),
    ("an unknown kind", _chain(Step("a", Operation("rm_rf"))), "does not know the operation"),
]


@pytest.mark.parametrize(("case", "plan", "words"), SHAPES)
def test_a_plan_whose_graph_does_not_end_is_refused(case: str, plan: Plan, words: str) -> None:
    outcome = guards.steps_bounded(plan, facts_at(1.0))
    assert outcome.word is Word.FAILED, case
    assert words in "; ".join(outcome.evidence)


def test_arguments_that_an_operation_does_not_take_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    step = Step("push", Operation("push_config", {"region": REGION, "extra": 1}))
    outcome = guards.steps_bounded(_chain(step), facts_at(1.0))
    assert outcome.word is Word.FAILED
    assert outcome.evidence[0].startswith("push: push_config:")


@pytest.mark.parametrize("plan", [_plan(), restore.plan(facts_at(1.0), REGION, "")])
def test_the_built_in_plans_have_bounds(plan: Plan) -> None:
    facts = facts_at(1.0)
    for name in guards.STATIC:
        assert guards.GUARDS[name](plan, facts).word is Word.PASSED, name


CASES: list[tuple[str, Plan, Callable[[], Facts], str, Word]] = [
    ("of another engine", _plan(engine=2), lambda: facts_at(1.0), "version_skew", Word.FAILED),
    (
        "an operation of a later version",
        _chain(Step("a", replace(WAIT, version=99))),
        lambda: facts_at(1.0),
        "version_skew",
        Word.FAILED,
    ),
    ("all known", _plan(), lambda: facts_at(1.0), "version_skew", Word.PASSED),
    (
        "frozen",
        _plan(),
        lambda: replace(facts_at(1.0), frozen="frozen by ann: holidays"),
        "freeze",
        Word.FAILED,
    ),
    ("not frozen", _plan(), lambda: facts_at(1.0), "freeze", Word.PASSED),
    (
        "nobody says whether it is frozen",
        _plan(),
        lambda: replace(facts_at(1.0), freezes_unread=True),
        "freeze",
        Word.INCONCLUSIVE,
    ),
    (
        "frozen by this machine's own word, and nobody else says",
        _plan(),
        lambda: replace(facts_at(1.0), freezes_unread=True, frozen="frozen by ann"),
        "freeze",
        Word.FAILED,
    ),
    (
        "nobody says what others run",
        _plan(),
        lambda: replace(facts_at(1.0), runs_unread="no cluster answers"),
        "conflicting_run",
        Word.INCONCLUSIVE,
    ),
    ("no zone is bound", _plan(), lambda: facts_at(1.0), "residency", Word.PASSED),
    ("the only one of its zone", _plan(), lambda: _bound("eu"), "residency", Word.FAILED),
    ("of another zone", _plan(), lambda: _bound("us"), "residency", Word.PASSED),
    ("recovers though burnt", _plan(), _prod, "error_budget", Word.PASSED),
    (
        "gives back though burnt",
        restore.plan(facts_at(1.0), REGION, ""),
        _prod,
        "error_budget",
        Word.PASSED,
    ),
    ("not asked", _plan(recovery=False), _prod, "error_budget", Word.ERRORED),
    (
        "no data",
        _plan(recovery=False),
        lambda: replace(_prod(), budget=unknown("test", 0.0, "no requests")),
        "error_budget",
        Word.ERRORED,
    ),
    (
        "burnt",
        _plan(recovery=False),
        lambda: replace(_prod(), budget=Measured(-0.1, 0.0, "test")),
        "error_budget",
        Word.FAILED,
    ),
    (
        "some left, a region did not say",
        _plan(recovery=False),
        lambda: replace(_prod(), budget=Measured(0.4, 0.0, "test", "without us-east-1")),
        "error_budget",
        Word.ERRORED,
    ),
    (
        "some left",
        _plan(recovery=False),
        lambda: replace(_prod(), budget=Measured(0.4, 0.0, "test")),
        "error_budget",
        Word.PASSED,
    ),
    (
        "no budget in a lab",
        _plan(recovery=False),
        lambda: facts_at(1.0),
        "error_budget",
        Word.PASSED,
    ),
]


@pytest.mark.parametrize(("case", "plan", "facts", "guard", "word"), CASES)
def test_what_the_guards_say(
    case: str, plan: Plan, facts: Callable[[], Facts], guard: str, word: Word
) -> None:
    outcome = guards.GUARDS[guard](plan, facts())
    assert outcome.word is word, (case, outcome.evidence)
    assert outcome.evidence


@pytest.mark.parametrize(
    ("rights", "word"),
    [
        (None, Word.ERRORED),
        ({}, Word.FAILED),
        ({RIGHT: "we may not patch Deployment in us-east-1"}, Word.FAILED),
        ({RIGHT: ""}, Word.PASSED),
    ],
)
def test_a_right_that_was_not_plainly_granted_is_none(
    rights: dict[Permission, str] | None, word: Word, monkeypatch: pytest.MonkeyPatch
) -> None:
    _needing(monkeypatch, RIGHT)
    facts = replace(facts_at(1.0), rights=rights)
    assert guards.permissions(_plan(), facts).word is word


def test_a_recovery_plan_asks_nothing_of_the_dying_region(monkeypatch: pytest.MonkeyPatch) -> None:
    dying = replace(RIGHT, region=REGION)
    _needing(monkeypatch, RIGHT, dying)
    assert guards.needed_rights(_plan()) == (RIGHT,)
    assert set(guards.needed_rights(_plan(recovery=False))) == {RIGHT, dying}


def test_a_region_named_in_what_is_touched_must_be_declared() -> None:
    step = Step(
        "push",
        Operation("push_config", {"region": "us-east-1", "namespace": "vision", "name": "routes"}),
    )
    narrow = Plan("x", "x", "lab", (step,), BlastRadius((REGION,)))
    outcome = guards.blast_radius(narrow, facts_at(1.0))
    assert outcome.word is Word.FAILED
    assert "us-east-1" in outcome.evidence[0]
    wide = replace(narrow, blast_radius=BlastRadius((REGION,), ("ConfigMap in us-east-1",)))
    assert guards.blast_radius(wide, facts_at(1.0)).word is Word.PASSED


def test_an_override_leaves_a_sentence_with_its_reason() -> None:
    facts = facts_at(100_000.0)
    results = guards.evaluate(_plan(), replace(facts, rights={}))
    said = guards.overrides(results, frozenset({"capacity", "freeze"}), "fire in the hall")
    assert len(said) == 1
    assert said[0].startswith("guard capacity (")
    assert said[0].endswith("was overridden: fire in the hall")
