"""What taking back leaves in the journal, what it asks first, and what it says is left over."""

from dataclasses import replace
from typing import Any

import pytest
from puppet import SET, STEP, Life, Puppet, said

from infctl.engine.handler import Handler, blind, not_yet, passed
from infctl.engine.undo import Undoing, read_undo, undo_order
from infctl.errors import Frozen, InfctlError, JournalError, LeaseLost, Refused, Unreachable
from infctl.model.plan import Operation, Plan, Step
from infctl.model.run import RunView, StepState, StepView

BACK = {
    "kind": "puppet",
    "version": 1,
    "args": {"to": 2},
    "region": "eu-west-1",
    "needs_control_plane": False,
}


class Unread(Puppet):
    """One that looks at nothing before its act."""

    observe = Handler.observe


async def _done(
    monkeypatch: pytest.MonkeyPatch, timeout: float = 5.0, puppet: Puppet | None = None
) -> Life:
    """A step that changed 2 to 5 and is over."""
    life = Life(monkeypatch, puppet, replace(STEP, timeout=timeout))
    await life.perform()
    life.known = len(life.journal.written)
    life.puppet.asked.clear()
    life.leave.asked.clear()
    life.begun = life.toy.clock.now
    return life


async def _take_back(life: Life, view: RunView | None = None) -> list[str]:
    return await Undoing(life.context(), life.journal, life.leave).run(view or life.view())


async def test_an_undo_writes_its_intent_before_the_act_and_its_effect_after(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    life = await _done(monkeypatch)
    assert await _take_back(life) == []
    intent, done = life.journal.written[life.known :]
    assert (intent.kind, intent.step, intent.attempt) == ("undo_intent", "s", 1)
    assert (intent.key, intent.undo) == ("toy/s/undo", BACK)
    assert (done.kind, done.step, done.attempt) == ("undo_done", "s", 1)
    assert (done.key, done.result) == ("toy/s/undo", said("is 2"))
    assert life.puppet.asked == ["observe", "untouched", "toy/s/undo", "apply", "verify"]
    assert life.leave.asked == ["check s 2", "publish s"]
    assert (life.puppet.value, life.took()) == (2, 0)
    assert life.seen().state is StepState.UNDONE


async def test_what_is_as_before_already_is_only_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    life = await _done(monkeypatch)
    life.puppet.value = 2
    assert await _take_back(life) == []
    assert life.written() == [("undo_done", said("as it was before already"))]
    assert life.journal.written[-1].key == "toy/s/undo"
    assert life.leave.asked == []


@pytest.mark.parametrize(
    ("puppet", "records"), [(Puppet, ["undo_done"]), (Unread, ["undo_intent", "undo_done"])]
)
async def test_nothing_is_as_before_where_it_was_read_and_nowhere_else(
    puppet: type[Puppet], records: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    life = await _done(monkeypatch, puppet=puppet())
    view = life.view()
    nothing = replace(view, steps=(replace(view.steps[0], before=None),))
    life.puppet.answers = {"observe": [None]}
    assert await _take_back(life, nothing) == []
    assert [kind for kind, _ in life.written()] == records


LEFT: list[tuple[str, dict[str, list[Any]], str]] = [
    (
        "changed since",
        {"untouched": [not_yet("is 7", "by ann")]},
        "not as this run left it; is 7; by ann",
    ),
    ("a no", {"apply": [Refused("no")]}, "no"),
    ("a bug", {"apply": [KeyError("x")]}, "a bug in infctl: KeyError"),
    ("a silent world", {"observe": [Unreachable("gone")]}, "not taken back within 60 s"),
    ("nobody knows", {"untouched": [blind("x")]}, "not taken back within 60 s"),
    ("no effect", {"verify": [not_yet("x")]}, "not taken back within 60 s"),
]


@pytest.mark.parametrize(("case", "answers", "residue"), LEFT, ids=[e[0] for e in LEFT])
async def test_what_could_not_be_taken_back_is_left_over_in_a_sentence(
    case: str, answers: dict[str, list[Any]], residue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = await _done(monkeypatch)
    life.puppet.answers = answers
    assert await _take_back(life) == [f"s: {residue}"], case
    assert life.took() == (60.0 if "within" in residue else 0.0)
    assert "undo_done" not in [kind for kind, _ in life.written()]


@pytest.mark.parametrize(
    "answers",
    [
        {"observe": [Unreachable("gone"), 5]},
        {"untouched": [Unreachable("gone"), passed()]},
        {"untouched": [blind("x"), passed()]},
        {"verify": [not_yet("x"), passed("is 2")]},
    ],
)
async def test_what_was_not_seen_at_once_is_looked_at_again_after_half_a_second(
    answers: dict[str, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    life = await _done(monkeypatch)
    life.puppet.answers = answers
    assert await _take_back(life) == []
    assert life.took() == 0.5
    assert life.written()[-1] == ("undo_done", said("is 2"))


async def test_a_step_with_more_time_has_more_time_to_be_taken_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    life = await _done(monkeypatch, 90.0)
    life.puppet.answers = {"verify": [not_yet("x")]}
    assert await _take_back(life) == ["s: not taken back within 90 s"]
    assert life.took() == 90.0


@pytest.mark.parametrize("question", [1, 2])
@pytest.mark.parametrize("error", [JournalError("full"), LeaseLost("lost"), Frozen("frozen")])
async def test_what_ends_the_executor_is_no_residue(
    error: InfctlError, question: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = await _done(monkeypatch)
    life.leave.errors = {question: error}
    with pytest.raises(type(error)):
        await _take_back(life)
    assert life.puppet.value == 5


async def test_a_refusal_of_leave_is_left_over_and_nothing_was_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    life = await _done(monkeypatch)
    life.leave.errors = {1: Refused("not you")}
    assert await _take_back(life) == ["s: not you"]
    assert life.written() == []


async def test_a_run_without_a_plan_has_nothing_to_take_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    life = await _done(monkeypatch)
    assert await _take_back(life, RunView()) == []


async def test_an_undo_that_aims_elsewhere_is_not_done(monkeypatch: pytest.MonkeyPatch) -> None:
    life = await _done(monkeypatch)
    view = life.view()
    poisoned = replace(view.steps[0], undo={**BACK, "region": "us-east-1"})
    residue = await _take_back(life, replace(view, steps=(poisoned,)))
    assert residue == ["s: the journal's undo aims at another region than its step"]
    assert life.puppet.value == 5


def _view(**changes: Any) -> RunView:
    steps = tuple(Step(name, SET, always=name == "c") for name in "abcd")
    seen = [
        StepView(name, StepState.DONE, intent=number, undo=BACK)
        for name, number in (("a", 3), ("b", 9), ("c", 4), ("d", 6))
    ]
    seen[0] = replace(seen[0], **changes)
    return RunView(plan=Plan("p", "p", "lab", steps), steps=tuple(seen))


@pytest.mark.parametrize("state", list(StepState))
def test_the_latest_is_taken_back_first_and_only_what_may_have_acted(state: StepState) -> None:
    untouched = state in (StepState.WAITING, StepState.UNDONE)
    expected = ["b", "d"] if untouched else ["b", "d", "a"]
    assert [s.id for s in undo_order(_view(state=state))] == expected


def test_without_an_undo_there_is_nothing_to_take_back_and_without_a_plan_no_step_is_spared() -> (
    None
):
    assert [s.id for s in undo_order(_view(undo=None))] == ["b", "d"]
    assert [s.id for s in undo_order(replace(_view(), plan=None))] == ["b", "d", "c", "a"]


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {**BACK, "more": 1},
        {k: v for k, v in BACK.items() if k != "region"},
        {**BACK, "kind": 1},
        {**BACK, "version": "1"},
        {**BACK, "version": True},
        {**BACK, "args": []},
        {**BACK, "region": 1},
        {**BACK, "needs_control_plane": 0},
    ],
)
def test_an_undo_that_is_no_operation_is_refused(
    data: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    Life(monkeypatch)
    with pytest.raises(Refused) as caught:
        read_undo(data)
    assert caught.value.what == "the journal's undo is not an operation"
    assert caught.value.unchanged == "nothing was taken back"


def test_an_undo_is_read_as_it_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    Life(monkeypatch)
    assert read_undo(BACK) == Operation("puppet", {"to": 2}, 1, "eu-west-1", False)
    assert read_undo({**BACK, "region": None}).region is None
    with pytest.raises(Refused, match="puppet version 2"):
        read_undo({**BACK, "version": 2})
