"""A run's state is a fold over its records, as a table."""

from typing import Any

import pytest

from infctl.model.journal import GENESIS, VERSION, Kind, Record
from infctl.model.plan import Operation, Plan, Step
from infctl.model.run import RunState, RunView, StepState, fold

PLAN = Plan(
    "test",
    "A test",
    "lab",
    (Step("a", Operation("x")), Step("b", Operation("y"), after=("a",))),
)

Line = tuple[Kind, str | None, dict[str, Any]]

LEASE: Line = (Kind.LEASE, None, {"args": {"pid": 1}})
INTENT: Line = (Kind.INTENT, "a", {"attempt": 1, "before": 2, "undo": {"kind": "z"}})
SENT: Line = (Kind.SENT, "a", {"result": {"at": 5.0}})
DONE: Line = (Kind.DONE, "a", {"result": {"evidence": ["seen"]}})
FAILED: Line = (Kind.FAILED, "a", {"result": {"evidence": ["not seen"]}})


def _records(lines: list[Line]) -> list[Record]:
    first: Line = (Kind.PLAN, None, {"args": PLAN.to_json()})
    records: list[Record] = []
    for seq, (kind, step, rest) in enumerate([first, *lines], 1):
        values: dict[str, Any] = {
            "attempt": 0,
            "key": "",
            "before": None,
            "args": None,
            "result": None,
            "undo": None,
            **rest,
        }
        prev = records[-1].digest if records else GENESIS
        records.append(
            Record(
                v=VERSION,
                seq=seq,
                prev=prev,
                run="01r",
                plan_digest=PLAN.digest,
                step=step,
                kind=str(kind),
                fence=0,
                actor="me",
                at=1000.0 + seq,
                boottime=10.0 + seq,
                **values,
            )
        )
    return records


@pytest.mark.parametrize(
    ("lines", "state", "step"),
    [
        ([], RunState.PENDING, StepState.WAITING),
        ([LEASE], RunState.RUNNING, StepState.WAITING),
        ([LEASE, INTENT], RunState.RUNNING, StepState.RUNNING),
        ([LEASE, INTENT, SENT], RunState.RUNNING, StepState.RUNNING),
        ([LEASE, INTENT, SENT, DONE], RunState.RUNNING, StepState.DONE),
        ([LEASE, INTENT, FAILED], RunState.RUNNING, StepState.FAILED),
        ([LEASE, INTENT, LEASE], RunState.RUNNING, StepState.UNKNOWN),
        ([LEASE, INTENT, (Kind.UNKNOWN, "a", {}), SENT], RunState.RUNNING, StepState.UNKNOWN),
        (
            [LEASE, INTENT, FAILED, (Kind.SKIP, "a", {"result": {"evidence": ["by me"]}})],
            RunState.RUNNING,
            StepState.SKIPPED,
        ),
        (
            [LEASE, INTENT, FAILED, (Kind.RESUME, None, {"args": {"decision": "retry"}})],
            RunState.RUNNING,
            StepState.WAITING,
        ),
        (
            [LEASE, (Kind.PAUSE, None, {"args": {"state": "paused_by_operator"}})],
            RunState.PAUSED_BY_OPERATOR,
            StepState.WAITING,
        ),
        ([LEASE, INTENT, DONE, (Kind.UNDO_DONE, "a", {})], RunState.RUNNING, StepState.UNDONE),
        (
            [LEASE, (Kind.HEAD, None, {"result": {"state": "completed", "exit": 0}})],
            RunState.COMPLETED,
            StepState.WAITING,
        ),
    ],
)
def test_the_last_record_decides(lines: list[Line], state: RunState, step: StepState) -> None:
    view = fold(_records(lines))
    assert (view.state, view.step("a").state) == (state, step)


def test_steps_carry_times_results_and_evidence() -> None:
    view = fold(_records([LEASE, INTENT, SENT, DONE]))
    step = view.step("a")
    assert (step.started, step.ended, step.duration) == (1003.0, 1005.0, 2.0)
    assert (step.before, step.result, step.undo) == (2, {"at": 5.0}, {"kind": "z"})
    assert step.evidence == ("seen",)
    assert view.started == 1001.0


def test_folding_in_parts_is_folding_at_once() -> None:
    records = _records([LEASE, INTENT, SENT, DONE])
    part: RunView | None = None
    for record in records:
        part = fold([record], part)
    assert part == fold(records)


def test_a_decision_to_undo_sets_the_course() -> None:
    view = fold(_records([LEASE, (Kind.RESUME, None, {"args": {"decision": "undo"}})]))
    assert view.course == "undo"


def test_a_kind_of_a_later_release_changes_nothing() -> None:
    known = _records([LEASE, INTENT])
    later = Record(**{f: getattr(known[-1], f) for f in Record.__slots__} | {"kind": "novel"})
    view = fold([*known, later])
    assert view.step("a").state is StepState.RUNNING
