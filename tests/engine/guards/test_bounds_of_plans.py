"""What is no plan, sentence by sentence, and what a plan may touch at most."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from guarded_plans import AP, US, WAIT, chain, scaling
from toy_facts import facts_at

from infctl.engine import guards
from infctl.engine.guards import bounds
from infctl.model.outcome import Outcome, Word
from infctl.model.plan import BlastRadius, Operation, Plan, Step

PROBLEMS: list[tuple[Plan, str]] = [
    (chain(), "the plan has no step"),
    (
        replace(chain(Step("a", WAIT)), deadline=7 * bounds.LONGEST + 1),
        "the plan's deadline is no number of seconds, at most a week",
    ),
    (
        replace(chain(Step("a", WAIT)), deadline=float("nan")),
        "the plan's deadline is no number of seconds, at most a week",
    ),
    (chain(Step("a", WAIT), Step("a", WAIT)), "there are 2 steps a"),
    (chain(Step("a", WAIT, ("b",))), "a waits for b, which is no step"),
    (chain(Step("a", WAIT, reverts="b")), "a reverts b, which is no step"),
    (chain(Step("a", WAIT, ("a",))), "steps wait for each other: a, a"),
    (chain(Step("", WAIT)), "a step is no id: letters, digits, dots, - and _"),
    (chain(Step("a b", WAIT)), "a b is no id: letters, digits, dots, - and _"),
    (
        chain(Step("a", WAIT, timeout=0.0009)),
        "a has no timeout of more than 0 s and at most a day",
    ),
    (
        chain(Step("a", WAIT, timeout=bounds.LONGEST + 1)),
        "a has no timeout of more than 0 s and at most a day",
    ),
    (chain(Step("a", WAIT, max_attempts=11)), "a would be tried 11 times, at most 10"),
    (chain(Step("a", WAIT, max_attempts=0)), "a would be tried 0 times, at most 10"),
    (chain(Step("a", WAIT, on_failure="x")), "a says on failure x, which is no way on"),
    (
        chain(Step("a", Operation("fly"))),
        "a: this infctl does not know the operation fly version 1",
    ),
]


@pytest.mark.parametrize(("plan", "problem"), PROBLEMS, ids=[p[1] for p in PROBLEMS])
def test_what_is_wrong_with_a_plan_is_the_whole_sentence(plan: Plan, problem: str) -> None:
    assert guards.steps_bounded(plan, facts_at(1.0)) == Outcome(Word.FAILED, (problem,))


def test_bounds_themselves_are_still_allowed() -> None:
    least = Step("A", WAIT, timeout=0.001, max_attempts=1)
    most = Step("b", WAIT, ("A",), timeout=bounds.LONGEST, max_attempts=10, reverts="A")
    plan = replace(chain(least, most), deadline=7 * bounds.LONGEST)
    assert guards.steps_bounded(plan, facts_at(1.0)).word is Word.PASSED
    many = chain(*(Step(f"s{n}", WAIT) for n in range(bounds.MOST_STEPS)))
    assert guards.steps_bounded(many, facts_at(1.0)).word is Word.PASSED


@pytest.mark.parametrize("word", ["", "pause", "skip", "undo", "stop"])
def test_each_way_on_after_a_failure_is_known(word: str) -> None:
    plan = chain(Step("a", WAIT, on_failure=word))
    assert guards.steps_bounded(plan, facts_at(1.0)).word is Word.PASSED


@pytest.mark.parametrize(
    ("count", "rest"), [(10, ()), (11, ("and 1 more",)), (13, ("and 3 more",))]
)
def test_ten_problems_are_shown_and_the_others_counted(count: int, rest: tuple[str, ...]) -> None:
    plan = chain(*(Step(f"s{n}", WAIT, on_failure="x") for n in range(count)))
    shown = tuple(f"s{n} says on failure x, which is no way on" for n in range(10))
    assert guards.steps_bounded(plan, facts_at(1.0)).evidence == (*shown, *rest)


def test_of_a_plan_with_too_many_steps_nothing_else_is_said() -> None:
    plan = chain(*(Step("same", WAIT, on_failure="x") for _ in range(bounds.MOST_STEPS + 1)))
    said = guards.steps_bounded(plan, facts_at(1.0)).evidence
    assert said == ("the plan has 1001 steps, at most 1000",)


@pytest.mark.parametrize(
    ("thing", "is_within"),
    [
        (f"ConfigMap in {US}", True),
        (US, True),
        (f"{US}0", False),
        (f"{US}-b", False),
        (f"x{US}", False),
        (f"{US}/a", True),
    ],
)
def test_a_region_is_declared_only_by_its_whole_name(thing: str, is_within: bool) -> None:
    plan = replace(chain(scaling(US, 3)), blast_radius=BlastRadius((), (thing,)))
    outcome = guards.blast_radius(plan, facts_at(1.0))
    assert outcome.word is (Word.PASSED if is_within else Word.FAILED)


def test_an_operation_without_a_region_of_its_own_lies_where_it_touches() -> None:
    scale = scaling(US, 3)
    bare = replace(scale, operation=replace(scale.operation, region=None))
    narrow = replace(chain(bare), blast_radius=BlastRadius((AP,)))
    assert guards.blast_radius(narrow, facts_at(1.0)).word is Word.FAILED
    moved = replace(scale, operation=replace(scale.operation, region=AP))
    assert guards.blast_radius(replace(narrow, steps=(moved,)), facts_at(1.0)).word is Word.FAILED
