"""Pauses between attempts, what counts as before, and steps that are left in the middle."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from puppet import STEP, Life, Puppet, Waiting, said

from infctl.engine.handler import not_yet
from infctl.model.journal import Kind
from infctl.model.plan import Operation
from infctl.model.run import StepState

LEFT = ("unknown", said("interrupted: what became of it is not known"))


@pytest.mark.parametrize(
    ("attempts", "pause"), [(1, 1.0), (2, 2.0), (3, 4.0), (7, 64.0), (8, 100.0), (10, 100.0)]
)
async def test_a_failed_step_waits_twice_as_long_each_time_and_has_its_whole_time_then(
    attempts: int, pause: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = Life(monkeypatch)
    life.journal.append(Kind.FAILED, step="s", attempt=attempts, result=said("no"))
    life.puppet.answers = {"verify": [not_yet("x")]}
    await life.perform()
    assert life.took() == pause + 5.0
    assert life.seen().attempt == attempts + 1


async def test_a_step_in_doubt_is_looked_at_without_a_pause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    life = Life(monkeypatch)
    life.crash()
    await life.perform()
    assert life.took() == 0


BEFORE: list[tuple[str, type[Puppet], list[tuple[Kind, Any]], int]] = [
    ("failed before its intent", Puppet, [(Kind.FAILED, said("no"))], 3),
    ("refused after its intent", Puppet, [(Kind.INTENT, None), (Kind.FAILED, said("no"))], 9),
    (
        "of another object",
        Puppet,
        [(Kind.INTENT, None), (Kind.FAILED, {**said("no"), "conflict": True})],
        3,
    ),
    (
        "of another object, after an act",
        Puppet,
        [(Kind.INTENT, None), (Kind.SENT, {}), (Kind.FAILED, {**said("no"), "conflict": True})],
        9,
    ),
    ("a wait", Waiting, [(Kind.INTENT, None), (Kind.FAILED, said("no"))], 3),
]


@pytest.mark.parametrize(("case", "kind", "records", "before"), BEFORE, ids=[b[0] for b in BEFORE])
async def test_what_was_before_the_first_act_stays_what_was_before(
    case: str,
    kind: type[Puppet],
    records: list[tuple[Kind, Any]],
    before: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    life = Life(monkeypatch, kind())
    for word, result in records:
        old = 9 if word is Kind.INTENT else None
        life.journal.append(word, step="s", attempt=1, before=old, result=result)
    life.puppet.value = 3
    await life.perform()
    assert life.journal.written[life.known].before == before, case
    assert life.seen().state is StepState.DONE


@pytest.mark.parametrize(
    ("kind", "is_ending", "question", "records"),
    [
        (Puppet, False, "apply", [LEFT]),
        (Puppet, True, "apply", [LEFT]),
        (Waiting, False, "apply", [LEFT]),
        (Waiting, True, "apply", []),
        (Puppet, False, "observe", []),
    ],
)
async def test_a_step_that_is_left_is_in_doubt_where_it_had_begun(
    kind: type[Puppet],
    is_ending: bool,
    question: str,
    records: list[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    life = Life(monkeypatch, kind())
    life.puppet.answers = {question: [lambda: asyncio.Event().wait()]}
    protocol = life.protocol()
    protocol.is_ending = is_ending
    task = asyncio.create_task(protocol.perform(life.step))
    while question not in life.puppet.asked:  # noqa: ASYNC110
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [r for r in life.written() if r[0] != "intent"] == records


async def test_an_act_without_an_answer_is_given_up_at_the_deadline_by_real_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    life = Life(monkeypatch, step=replace(STEP, timeout=0.0))
    life.puppet.answers = {"apply": [lambda: asyncio.Event().wait()]}
    begun = asyncio.get_running_loop().time()
    await life.perform()
    assert 0.09 < asyncio.get_running_loop().time() - begun < 0.9
    assert life.written()[1:] == [
        ("unknown", said("no answer before the deadline")),
        ("failed", said("not observed within 0 s", "is 2")),
    ]


async def test_the_undo_keeps_its_region_and_that_it_needs_a_control_plane(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    life = Life(monkeypatch)
    back = Operation("puppet", {"to": 1}, region=None, needs_control_plane=True)
    monkeypatch.setattr(Puppet, "undo", lambda self, before, args: back)
    await life.perform()
    assert life.seen().undo == {
        "kind": "puppet",
        "version": 1,
        "args": {"to": 1},
        "region": None,
        "needs_control_plane": True,
    }
