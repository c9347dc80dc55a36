"""One checker's conclusions, the fleet's, and calculated ones."""

import pytest

from infctl.lab.dns.health import Conclusion, Result, conclude, is_endpoint_healthy, is_healthy
from infctl.lab.dns.records import Check


def after(results: str, threshold: int) -> str:
    """Results (+ and -) in a row, to the conclusion after each of them."""
    found, said = Conclusion(), ""
    for number, sign in enumerate(results):
        found = conclude(found, Result(sign == "+", sign, float(number + 1), 0.1), threshold)
        said += "+" if found.healthy else "-"
    return said


@pytest.mark.parametrize(
    ("results", "threshold", "expected"),
    [
        ("+--+--+---", 3, "+++++++++-"),
        ("---+", 3, "++--"),
        ("---+-++-+++", 3, "++--------+"),
        ("-+-+", 1, "-+-+"),
        ("----------", 10, "+++++++++-"),
        ("--++--", 2, "+--++-"),
    ],
)
def test_a_checker_turns_after_as_many_opposite_results_in_a_row(
    results: str, threshold: int, expected: str
) -> None:
    assert after(results, threshold) == expected


def test_a_conclusion_is_reported_with_the_probe_that_made_or_confirmed_it() -> None:
    good = conclude(Conclusion(), Result(True, "fine", 10.0, 0.1), 2)
    once = conclude(good, Result(False, "down", 20.0, 0.1), 2)
    twice = conclude(once, Result(False, "still down", 30.0, 0.1), 2)
    assert (once.healthy, once.at, once.status) == (True, 10.0, "fine")
    assert (once.failed_at, once.failure) == (20.0, "down")
    assert (twice.healthy, twice.at, twice.status) == (False, 30.0, "still down")


def test_a_new_checker_has_nothing_to_report_until_it_is_sure() -> None:
    once = conclude(Conclusion(), Result(False, "down", 20.0, 0.1), 3)
    assert (once.healthy, once.at) == (True, 0.0)


@pytest.mark.parametrize(
    ("yes", "of", "healthy"),
    [
        *((0, 6, False), (1, 6, False), (2, 6, True), (6, 6, True)),
        *((1, 8, False), (2, 8, True), (1, 3, True), (0, 0, True)),
        *((18, 100, False), (19, 100, True)),
    ],
)
def test_more_than_18_percent_of_the_checkers_make_an_endpoint_healthy(
    yes: int, of: int, healthy: bool
) -> None:
    assert is_endpoint_healthy([True] * yes + [False] * (of - yes)) is healthy


def a_calculated(threshold: int, *, inverted: bool = False, disabled: bool = False) -> Check:
    return Check(
        "c",
        "CALCULATED",
        children=("up", "down", "off"),
        health_threshold=threshold,
        inverted=inverted,
        disabled=disabled,
    )


LEAVES = {
    "up": Check("up", "HTTP"),
    "down": Check("down", "HTTP"),
    "off": Check("off", "HTTP", inverted=True),
}
WORDS = {"up": [True] * 6, "down": [False] * 6, "off": [False] * 6}


@pytest.mark.parametrize(
    ("check", "healthy"),
    [
        (a_calculated(0), True),
        (a_calculated(1), True),
        (a_calculated(2), True),
        (a_calculated(3), False),
        (a_calculated(4), False),
        (a_calculated(3, inverted=True), True),
        (a_calculated(3, disabled=True), True),
        (a_calculated(3, disabled=True, inverted=True), False),
    ],
)
def test_a_calculated_check_counts_its_healthy_children(check: Check, healthy: bool) -> None:
    assert is_healthy("c", {**LEAVES, "c": check}, WORDS) is healthy


@pytest.mark.parametrize(
    ("check", "words", "healthy"),
    [
        (Check("x", "HTTP"), {}, True),
        (Check("x", "HTTP", inverted=True), {}, False),
        (Check("x", "HTTP", disabled=True), {"x": [False] * 6}, True),
        (Check("x", "HTTP", inverted=True), {"x": [False] * 6}, True),
        (Check("x", "HTTP", inverted=True), {"x": [True] * 2 + [False] * 4}, False),
        (Check("x", "HTTP", inverted=True), {"x": [True] + [False] * 5}, True),
    ],
)
def test_inverted_and_disabled_checks(
    check: Check, words: dict[str, list[bool]], healthy: bool
) -> None:
    assert is_healthy("x", {"x": check}, words) is healthy


def test_a_check_that_was_deleted_counts_as_healthy() -> None:
    assert is_healthy("gone", {}, {})


def test_checks_that_contain_each_other_come_to_an_end() -> None:
    ring = {
        "a": Check("a", "CALCULATED", children=("b",), health_threshold=1),
        "b": Check("b", "CALCULATED", children=("a",), health_threshold=1),
    }
    assert is_healthy("a", ring, {})
