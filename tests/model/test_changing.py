"""A view with other fields is what `dataclasses.replace` makes of it."""

from dataclasses import replace
from typing import Any

import pytest

from infctl.model.changing import changed
from infctl.model.run import RunState, RunView, StepState, StepView

STEP = StepView("scale", StepState.RUNNING, attempt=1, before={"replicas": 2})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"state": StepState.DONE},
        {"attempt": 2, "evidence": ("4 of 4",), "sent": True, "before": None},
    ],
)
def test_a_changed_view_equals_a_replaced_one(changes: dict[str, Any]) -> None:
    after = changed(STEP, changes)
    assert after == replace(STEP, **changes)


def test_the_first_view_stays_as_it_was() -> None:
    before = RunView(run="run-1", steps=(STEP,))
    changed(before, {"state": RunState.RUNNING, "steps": ()})
    assert before == RunView(run="run-1", steps=(STEP,))


def test_a_field_that_there_is_not_is_refused() -> None:
    with pytest.raises(TypeError, match="no such field: colour"):
        changed(STEP, {"colour": "red"})
