"""What each stage of a step leaves in the journal, record by record."""

from typing import Any

import pytest
from puppet import Completing, Life, Puppet, Waiting, said

from infctl.engine.handler import blind, not_yet, passed
from infctl.errors import (
    Conflict,
    Frozen,
    InfctlError,
    JournalError,
    LeaseLost,
    Refused,
    Unreachable,
)
from infctl.model.run import StepState

LATE = "not observed within 5 s"


async def test_a_step_that_works_leaves_its_intent_its_act_and_its_effect(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    life = Life(monkeypatch)
    await life.perform()
    intent, sent, done = life.journal.written[life.known :]
    assert (intent.kind, intent.step, intent.attempt, intent.key) == ("intent", "s", 1, "toy/s")
    assert (intent.before, intent.args) == (2, {"kind": "puppet", "version": 1})
    undo = {"kind": "puppet", "version": 1, "args": {"to": 2}, "region": "eu-west-1"}
    assert intent.undo == {**undo, "needs_control_plane": False}
    assert (sent.kind, sent.step, sent.attempt, sent.key) == ("sent", "s", 1, "toy/s")
    assert (sent.result, done.result) == ({"set": 5}, said("is 5"))
    assert (done.kind, done.step, done.attempt, done.key) == ("done", "s", 1, "toy/s")
    assert life.puppet.asked == ["observe", "toy/s", "apply", "verify"]
    assert life.leave.asked == ["check s 5", "publish s"]
    assert life.took() == 0


async def test_what_is_as_wanted_already_needs_no_undo(monkeypatch: pytest.MonkeyPatch) -> None:
    life = Life(monkeypatch)
    life.puppet.value = 5
    await life.perform()
    assert life.journal.written[life.known].undo is None
    assert life.seen().state is StepState.DONE


async def test_one_that_changes_nothing_asks_for_no_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    life = Life(monkeypatch, Waiting())
    await life.perform()
    assert life.leave.asked == []
    assert [kind for kind, _ in life.written()] == ["intent", "sent", "done"]


BUG = ZeroDivisionError()
ENDS: list[tuple[str, type[Puppet], dict[str, list[Any]], tuple[str, Any]]] = [
    ("a no", Puppet, {"apply": [Refused("no")]}, ("failed", said("no"))),
    (
        "another object",
        Puppet,
        {"apply": [Conflict("changed")]},
        ("failed", {"evidence": ["changed"], "conflict": True}),
    ),
    (
        "a bug in the act",
        Puppet,
        {"apply": [BUG]},
        ("unknown", said("a bug in infctl: ZeroDivisionError")),
    ),
    (
        "a bug while waiting",
        Waiting,
        {"apply": [BUG]},
        ("failed", said("a bug in infctl: ZeroDivisionError")),
    ),
    (
        "a bug before the act",
        Puppet,
        {"observe": [BUG]},
        ("failed", said("a bug in infctl: ZeroDivisionError")),
    ),
    (
        "nothing could be read",
        Puppet,
        {"observe": [TimeoutError()]},
        ("failed", said("what is there could not be read within 5 s")),
    ),
    (
        "an effect that is not there",
        Puppet,
        {"verify": [not_yet("x")]},
        ("failed", said(LATE, "x")),
    ),
    ("an effect nobody can see", Puppet, {"verify": [blind("x")]}, ("unknown", said(LATE, "x"))),
    ("a wait nobody can see", Waiting, {"verify": [blind("x")]}, ("failed", said(LATE, "x"))),
    (
        "an effect nobody tells",
        Puppet,
        {"verify": [Unreachable("gone")]},
        ("unknown", said(LATE, "gone")),
    ),
    (
        "an effect told too late",
        Puppet,
        {"verify": [TimeoutError()]},
        ("unknown", said(LATE, "no answer before the deadline")),
    ),
    ("an error after the act", Puppet, {"verify": [Refused("no")]}, ("failed", said("no"))),
]


@pytest.mark.parametrize(("case", "kind", "answers", "last"), ENDS, ids=[e[0] for e in ENDS])
async def test_how_a_step_ends_is_its_last_record(
    case: str,
    kind: type[Puppet],
    answers: dict[str, list[Any]],
    last: tuple[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    life = Life(monkeypatch, kind())
    life.puppet.answers = answers
    await life.perform()
    assert life.written()[-1] == last, case


async def test_an_effect_is_looked_for_every_half_second_until_the_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    life = Life(monkeypatch)
    life.puppet.answers = {"verify": [not_yet("x")]}
    await life.perform()
    assert life.puppet.asked.count("verify") == 11
    assert life.took() == 5.0


async def test_an_effect_that_comes_late_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    life = Life(monkeypatch)
    life.puppet.answers = {"verify": [not_yet("x"), blind("y"), passed("z")]}
    await life.perform()
    assert life.written()[-1] == ("done", said("z"))
    assert life.took() == 1.0


async def test_a_lost_act_without_effect_is_sent_three_times_each_with_leave(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    life = Life(monkeypatch)
    life.puppet.answers = {"apply": [Unreachable("gone"), TimeoutError()]}
    await life.perform()
    assert life.puppet.asked.count("apply") == 3
    assert life.leave.asked == ["check s 5", *["publish s"] * 3]
    late = said("no answer before the deadline")
    assert life.written()[1:] == [
        ("unknown", said("gone")),
        ("unknown", late),
        ("unknown", late),
        ("failed", said(LATE, "is 2")),
    ]


async def test_a_lost_act_with_effect_is_not_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    life = Life(monkeypatch)

    def lose() -> None:
        life.puppet.value = 5
        raise Unreachable("gone")

    life.puppet.answers = {"apply": [lose]}
    await life.perform()
    assert life.written()[1:] == [("unknown", said("gone")), ("done", said("is 5"))]
    assert life.puppet.asked.count("apply") == 1


@pytest.mark.parametrize("after", [Unreachable("blind"), 7])
async def test_a_lost_act_is_not_sent_again_where_its_effect_is_not_certain(
    after: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = Life(monkeypatch)
    life.puppet.answers = {"apply": [Unreachable("gone")], "observe": [2, after]}
    await life.perform()
    assert life.puppet.asked.count("apply") == 1
    assert life.written()[-1] == ("failed", said(LATE, "is 2"))


@pytest.mark.parametrize(("seconds", "sent"), [(4.9, 2), (5.0, 1)])
async def test_a_lost_act_is_sent_again_only_before_the_deadline(
    seconds: float, sent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = Life(monkeypatch)

    def lose() -> None:
        life.toy.clock.now += seconds
        raise Unreachable("gone")

    life.puppet.answers = {"apply": [lose]}
    await life.perform()
    assert life.puppet.asked.count("apply") == sent


@pytest.mark.parametrize("kind", [Puppet, Completing])
async def test_a_no_after_a_lost_act_leaves_it_in_doubt(
    kind: type[Puppet], monkeypatch: pytest.MonkeyPatch
) -> None:
    life = Life(monkeypatch, kind())
    life.puppet.answers = {"apply": [Unreachable("gone")]}
    life.leave.errors = {3: Refused("no longer")}
    await life.perform()
    assert life.written()[-1] == ("unknown", said("no longer"))


async def test_a_no_after_a_lost_wait_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    life = Life(monkeypatch, Waiting())
    life.puppet.answers = {"apply": [Unreachable("gone"), Refused("no")]}
    await life.perform()
    assert life.written()[1:] == [("unknown", said("gone")), ("failed", said("no"))]


async def test_after_an_answer_nothing_is_in_doubt_any_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    life = Life(monkeypatch)
    life.puppet.answers = {
        "apply": [Unreachable("gone"), {"set": 5}],
        "verify": [Refused("no")],
    }
    await life.perform()
    assert life.written()[2:] == [("sent", {"set": 5}), ("failed", said("no"))]


@pytest.mark.parametrize("error", [JournalError("full"), LeaseLost("lost"), Frozen("frozen")])
async def test_what_ends_the_executor_is_not_the_steps_failure(
    error: InfctlError, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = Life(monkeypatch)
    life.leave.errors = {1: error}
    with pytest.raises(type(error)):
        await life.perform()
    assert life.written() == []


DOUBTS: list[tuple[str, type[Puppet], Any, dict[str, list[Any]], list[tuple[str, Any]]]] = [
    (
        "the effect is there",
        Puppet,
        5,
        {},
        [("observed", said("is 5")), ("done", said("is 5"))],
    ),
    (
        "all is as before",
        Puppet,
        2,
        {},
        [("intent", None), ("sent", {"set": 5}), ("done", said("is 5"))],
    ),
    (
        "somebody else's value",
        Puppet,
        7,
        {},
        [("unknown", said("neither as before nor as wanted", "is 7"))],
    ),
    (
        "half done",
        Completing,
        7,
        {},
        [("intent", None), ("sent", {"set": 5}), ("done", said("is 5"))],
    ),
    (
        "nobody says",
        Puppet,
        7,
        {"whole": [Unreachable("gone")]},
        [("unknown", said("neither as before nor as wanted", "gone"))],
    ),
    (
        "said too late",
        Puppet,
        7,
        {"whole": [TimeoutError()]},
        [("unknown", said("neither as before nor as wanted", "no answer before the deadline"))],
    ),
    (
        "nothing can be read",
        Puppet,
        7,
        {"observe": [Unreachable("gone")]},
        [("unknown", said("gone"))],
    ),
    (
        "as before, and then a no",
        Puppet,
        2,
        {"apply": [Refused("no")]},
        [("intent", None), ("failed", said("no"))],
    ),
    (
        "a wait",
        Waiting,
        2,
        {"whole": [BUG]},
        [("intent", None), ("sent", {"set": 5}), ("done", said("is 5"))],
    ),
]


@pytest.mark.parametrize(
    ("case", "kind", "value", "answers", "records"), DOUBTS, ids=[d[0] for d in DOUBTS]
)
async def test_after_a_crash_past_the_intent_the_world_decides(
    case: str,
    kind: type[Puppet],
    value: Any,
    answers: dict[str, list[Any]],
    records: list[tuple[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    life = Life(monkeypatch, kind())
    life.crash()
    life.puppet.value, life.puppet.answers = value, answers
    await life.perform()
    found = [(k, None if k == "intent" else r) for k, r in life.written()]
    assert found == records, case
    assert {r.attempt for r in life.journal.written[life.known :]} == {2}
