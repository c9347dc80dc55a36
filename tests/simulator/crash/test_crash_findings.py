from collections import Counter

import pytest

from infctl.errors import Exit
from infctl.simulator.crash.findings import DOUBLED, LOST, Finding, Tally, compare, exit_of
from infctl.simulator.crash.outside import Effect, effects
from infctl.simulator.crash.rehearsal import expected, rehearsal, step_of

PATCH: Effect = ("patch", "ashore/serving/front", 4)
PUT: Effect = ("put", "beyond/b/switch/ashore", None)
DELETE: Effect = ("delete", "beyond/b/switch/ashore", None)


def test_a_patch_made_twice_counts_twice_even_with_the_same_value() -> None:
    assert effects([PATCH, PATCH])[PATCH] == 2


def test_a_put_of_what_is_there_and_a_delete_of_what_is_not_change_nothing() -> None:
    assert effects([DELETE, PUT, PUT, DELETE, DELETE]) == Counter({PUT: 1, DELETE: 1})


def test_a_put_after_a_delete_is_another_effect() -> None:
    assert effects([PUT, DELETE, PUT])[PUT] == 2


def test_a_missing_effect_is_lost_and_one_too_many_doubled() -> None:
    found = compare("t", Counter({PATCH: 1, PUT: 1}), Counter({PATCH: 2}))
    assert {f.wrong: f.what for f in found} == {
        LOST: "put beyond/b/switch/ashore, 1x",
        DOUBLED: "patch ashore/serving/front = 4, 1x",
    }


def test_every_expected_effect_belongs_to_a_step_of_the_plan_and_every_step_has_one() -> None:
    assert {step_of(effect) for effect in expected()} == {s.id for s in rehearsal().steps}
    assert len(rehearsal().steps) == 12


@pytest.mark.parametrize(
    ("tallies", "code"),
    [
        ([], Exit.UNDECIDED),
        ([Tally("kills")], Exit.UNDECIDED),
        ([Tally("kills", tried=3), Tally("images")], Exit.UNDECIDED),
        ([Tally("kills", tried=3)], Exit.DONE),
        ([Tally("kills", tried=3, findings=[Finding("t", LOST, "x")])], Exit.MEASURED_BAD),
    ],
)
def test_nothing_tried_is_never_a_pass(tallies: list[Tally], code: Exit) -> None:
    assert exit_of(tallies) is code
