"""What every operation must keep, whatever it does."""

import contextlib
import json
from typing import Any

import pytest
from one_run import OneRun, one_run
from subjects import REGION, SUBJECTS, UNDOABLE, Subject, build, cluster_of, operation, picture

from infctl.engine.handler import Handler
from infctl.engine.operations import find, kinds
from infctl.engine.step import StepProtocol
from infctl.engine.undo import Undoing
from infctl.errors import ConfigurationError, Unreachable
from infctl.fakes.endpoint import Mood
from infctl.fakes.world import FakeWorld
from infctl.model.journal import Kind as RecordKind
from infctl.model.outcome import Word
from infctl.model.run import RunState, StepState

ALL = sorted(kinds())
CHANGING = sorted(SUBJECTS)
HOSTILE: tuple[Any, ...] = (
    None,
    {},
    [],
    "\x1b[2J",
    "x" * 2**20,
    float("nan"),
    -1,
    "../../etc",
    "a\n",
)


def _says(handler: Handler, method: str) -> bool:
    return getattr(type(handler), method) is not getattr(Handler, method)


@pytest.mark.parametrize(("kind", "version"), ALL)
def test_every_operation_checks_its_arguments_and_says_what_it_touches(
    kind: str, version: int
) -> None:
    handler = find(kind, version)
    for method in ("check", "touches", "loss"):
        assert _says(handler, method) or (method == "loss" and not handler.changes), method
    assert handler.changes or not handler.reversible


@pytest.mark.parametrize(("kind", "version"), ALL)
@pytest.mark.parametrize("hostile", [{}, {"region": REGION, "\x1b[2J": 1}, {"region": "-rf"}])
def test_what_an_operation_does_not_take_is_refused_by_name(
    kind: str, version: int, hostile: dict[str, Any]
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        find(kind, version).check(hostile)
    assert "\x1b" not in refused.value.what
    assert "`" in refused.value.what


@pytest.mark.parametrize("kind", CHANGING)
def test_each_argument_is_refused_where_it_is_missing_of_another_type_or_hostile(
    kind: str,
) -> None:
    handler, good = find(kind, 1), SUBJECTS[kind].args
    handler.check(good)
    for argument in good:
        for value in HOSTILE:
            if argument == "force":
                continue
            with pytest.raises(ConfigurationError) as refused:
                handler.check({**good, argument: value})
            assert argument in refused.value.what
            assert len(refused.value.what) < 400
    with pytest.raises(ConfigurationError):
        handler.check({**good, "surplus": 1})


@pytest.mark.parametrize("kind", CHANGING)
async def test_carried_out_twice_is_carried_out_once(kind: str) -> None:
    fakes = await build()
    run = one_run(operation(kind), fakes=fakes)
    assert (await run.carry())[0] is RunState.COMPLETED, run.step().evidence
    after = picture(fakes)
    handler = find(kind, 1)
    version = cluster_of(fakes).storage.version
    await handler.apply(run.context, run.first, f"{run.context.run}/s1/again") if kind not in (
        "restart_deployment",
        "evict_pod",
        "delete_pod",
    ) else None
    assert picture(fakes) == after
    assert cluster_of(fakes).storage.version == version or kind == "apply_object"


@pytest.mark.parametrize("kind", UNDOABLE)
async def test_what_was_done_and_taken_back_leaves_the_world_as_it_was(kind: str) -> None:
    fakes = await build()
    before = picture(fakes)
    run = one_run(operation(kind), fakes=fakes)
    await run.carry()
    assert picture(fakes) != before
    await _take_back(run)
    assert picture(fakes) == before


async def _take_back(run: OneRun) -> None:
    residue = await Undoing(run.context, run.records).run(run.records.view())
    assert residue == []


@pytest.mark.parametrize("kind", CHANGING)
async def test_what_was_before_survives_the_journal_and_stays_the_same(kind: str) -> None:
    fakes = await build()
    run = one_run(operation(kind), fakes=fakes)
    handler = find(kind, 1)
    before = await handler.observe(run.context, run.first.args)
    assert json.loads(json.dumps(before)) == before
    assert await handler.observe(run.context, run.first.args) == before


def _with_changes() -> list[tuple[str, Subject]]:
    return [(k, s) for k, s in SUBJECTS.items() if s.changed]


@pytest.mark.parametrize(("kind", "subject"), _with_changes())
async def test_b27_an_object_changed_before_the_act_stops_the_step(
    kind: str, subject: Subject
) -> None:
    fakes = await build()
    run = one_run(operation(kind), fakes=fakes)
    seen: list[dict[str, Any]] = []

    async def meddle() -> None:
        if not seen and subject.changed:
            await subject.changed(fakes)
            seen.append(picture(fakes))

    run.meanwhile = meddle
    state, _ = await run.carry()
    assert state is not RunState.COMPLETED
    assert run.step().conflict
    assert picture(fakes) == seen[0]


@pytest.mark.parametrize("kind", [k for k, s in SUBJECTS.items() if s.anew])
async def test_b27_an_object_made_anew_before_the_act_is_another_object(kind: str) -> None:
    fakes = await build()
    run = one_run(operation(kind), fakes=fakes)
    seen: list[dict[str, Any]] = []

    async def make_anew() -> None:
        if not seen:
            _make_anew(fakes, SUBJECTS[kind])
            seen.append(picture(fakes))

    run.meanwhile = make_anew
    state, _ = await run.carry()
    assert state is not RunState.COMPLETED
    assert run.step().conflict, run.step().evidence
    assert picture(fakes) == seen[0]


def _make_anew(fakes: FakeWorld, subject: Subject) -> None:
    assert subject.anew is not None
    kind, name, namespace = subject.anew
    storage = cluster_of(fakes).storage
    key = (kind, namespace or "", name)
    stored = storage.objects[key]
    again = {**stored.object, "metadata": {**stored.object["metadata"], "uid": "another"}}
    storage.remove(key)
    storage.write(key, again, stored.owners)


@pytest.mark.parametrize("kind", CHANGING)
@pytest.mark.parametrize("when", ["before", "after"])
async def test_b9_a_lost_reply_is_read_back_and_never_doubled(
    kind: str, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fakes = await build()
    run = one_run(operation(kind), fakes=fakes)
    handler = find(kind, 1)
    real, calls = handler.apply, [0]

    async def lossy(*given: Any) -> Any:
        calls[0] += 1
        if calls[0] > 1:
            return await real(*given)
        if when == "after":
            await real(*given)
        raise Unreachable("the reply was lost")

    monkeypatch.setattr(handler, "apply", lossy)
    state, _ = await run.carry()
    assert state is RunState.COMPLETED, run.step().evidence
    # Whoever was read back as done is not asked again.
    assert calls[0] == (1 if when == "after" else 2)


@pytest.mark.parametrize("kind", CHANGING)
@pytest.mark.parametrize("is_done", [False, True])
async def test_b8_after_a_crash_past_the_intent_the_world_decides(
    kind: str, is_done: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    fakes = await build()
    run = one_run(operation(kind), fakes=fakes)
    handler = find(kind, 1)
    real = handler.apply

    class Crash(BaseException):
        pass

    async def crash(*given: Any) -> Any:
        if is_done:
            await real(*given)
        raise Crash

    monkeypatch.setattr(handler, "apply", crash)
    step = run.plan.steps[0]
    run.records.append(RecordKind.LEASE, args={"pid": 1})
    with pytest.raises(Crash):
        await StepProtocol(run.context, run.records).perform(step)
    monkeypatch.setattr(handler, "apply", real)
    assert (await run.carry())[0] is RunState.COMPLETED, run.step().evidence
    assert run.step().state is StepState.DONE


@pytest.mark.parametrize("kind", CHANGING)
async def test_where_nothing_answers_nothing_passes(kind: str) -> None:
    fakes = await build()
    run = one_run(operation(kind), fakes=fakes, timeout=3.0)
    fakes.silence(REGION)
    fakes.names.endpoint.mood = Mood.SILENT
    for look in (find(kind, 1).verify, find(kind, 1).whole, find(kind, 1).untouched):
        with contextlib.suppress(Unreachable):
            outcome = await look(run.context, run.first)
            assert outcome.word is not Word.PASSED
    assert (await run.carry())[0] is not RunState.COMPLETED
