"""Four words, and no truth value."""

import pytest

from infctl.errors import Exit, worst
from infctl.model.outcome import Outcome, Word, combine


def test_nothing_judged_is_errored_and_never_passed() -> None:
    assert combine().word is Word.ERRORED


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["passed", "passed"], "passed"),
        (["passed", "inconclusive"], "inconclusive"),
        (["inconclusive", "errored"], "errored"),
        (["errored", "failed", "passed"], "failed"),
    ],
)
def test_the_worst_word_wins(words: list[str], expected: str) -> None:
    assert combine(*(Outcome(Word(w)) for w in words)).word == expected


def test_an_outcome_cannot_be_mistaken_for_a_truth_value() -> None:
    with pytest.raises(TypeError):
        bool(Outcome(Word.FAILED))


@pytest.mark.parametrize(
    ("codes", "expected"),
    [((3, 6), 3), ((6, 8), 6), ((1, 78), 78), ((70, 1), 70), ((0,), 0), ((4, 5), 5), ((), 0)],
)
def test_one_exit_code_is_chosen_by_the_fixed_precedence(
    codes: tuple[int, ...], expected: int
) -> None:
    assert worst(*codes) == expected


def test_exit_codes_are_those_of_the_design() -> None:
    assert [int(e) for e in Exit] == [
        *range(9),
        70,
        74,
        75,
        77,
        78,
        129,
        130,
        141,
        143,
    ]
