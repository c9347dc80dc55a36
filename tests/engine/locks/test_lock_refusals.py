"""Whoever cannot have the lock is told who has it, what is unchanged and what to type."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
from toy_hosts import EPOCH

from infctl.engine.locks import refusals
from infctl.errors import Exit, InfctlError, LeaseLost, Refused, Unreachable
from infctl.ports.lock import Holding

OURS = Holding("a" * 16, "ana", "host", 42, "run-1", 7, 3, EPOCH, 15.0, step="scale")
UNREADABLE = replace(OURS, duration=math.inf, holder="somebody")
TOLD = "run run-1 of ana on host (pid 42) holds the lock since 2023-11-14T22:13:20Z"
BREAK = f"infctl locks break --id {'a' * 16} --reason WHY"
NOTHING = "nothing was changed"

TABLE: list[tuple[Callable[[], InfctlError], type[InfctlError], str, str, str, Exit]] = [
    (
        lambda: refusals.held(OURS, looks_alive=True),
        Refused,
        f"{TOLD}, last step scale",
        "infctl runs attach run-1",
        NOTHING,
        Exit.REFUSED,
    ),
    (
        lambda: refusals.held(replace(OURS, step=""), looks_alive=False),
        Refused,
        TOLD,
        BREAK,
        NOTHING,
        Exit.REFUSED,
    ),
    (
        lambda: refusals.held(UNREADABLE, looks_alive=True),
        Refused,
        "the lock holds a record that cannot be read (somebody)",
        BREAK,
        NOTHING,
        Exit.REFUSED,
    ),
    (
        refusals.contended,
        Refused,
        "others ask for the lock at the same time, and none has it yet",
        "infctl locks list",
        NOTHING,
        Exit.REFUSED,
    ),
    (
        lambda: refusals.silent({"a": "cut off", "b": "no answer"}, 3, 2),
        Unreachable,
        "the lock needs 2 of 3 places, and these do not answer: a: cut off; b: no answer",
        "infctl status; a recovery may go on with --break-glass lock --reason WHY",
        NOTHING,
        Exit.UNDECIDED,
    ),
    (
        lambda: refusals.lost("it was broken", "run-1"),
        LeaseLost,
        "run run-1 no longer holds the lock: it was broken",
        "infctl runs resume run-1",
        "nothing more was done",
        Exit.LEASE_LOST,
    ),
]


@pytest.mark.parametrize(("refuse", "kind", "what", "hint", "unchanged", "code"), TABLE)
def test_each_refusal_says_what_is_unchanged_and_the_next_command(
    refuse: Callable[[], InfctlError],
    kind: type[InfctlError],
    what: str,
    hint: str,
    unchanged: str,
    code: Exit,
) -> None:
    error = refuse()
    assert type(error) is kind
    assert (error.what, error.hint, error.unchanged) == (what, hint, unchanged)
    assert error.exit_code == code


def test_each_word_of_a_strange_record_is_cut_where_it_is_shown() -> None:
    long = "x" * 500
    cut = "x" * 80 + "…"
    strange = replace(OURS, id=long, holder=long, host=long, run=long, step=long)
    assert refusals.describe(strange) == (
        f"run {cut} of {cut} on {cut} (pid 42) holds the lock since 2023-11-14T22:13:20Z,"
        f" last step {cut}"
    )
    assert refusals.break_command(strange) == f"infctl locks break --id {cut} --reason WHY"
    assert refusals.held(strange, looks_alive=True).hint == f"infctl runs attach {cut}"
    unreadable = refusals.describe(replace(UNREADABLE, holder=long))
    assert unreadable == f"the lock holds a record that cannot be read ({'x' * 120}…)"


@pytest.mark.parametrize("wall", [math.inf, -math.inf, math.nan, 1e300])
def test_a_moment_that_no_calendar_has_is_unknown(wall: float) -> None:
    assert refusals.moment(wall) == "an unknown time"
