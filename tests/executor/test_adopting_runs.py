"""What another release began is carried on only where somebody says so, and why."""

import asyncio
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from infctl.clients.clock import SystemClock
from infctl.engine.decisions import Decision, Verb
from infctl.engine.journal import FileJournal
from infctl.errors import Exit, Refused
from infctl.executor.execution import execute
from infctl.executor.order import Order
from infctl.fakes.clock import FakeClock
from infctl.fakes.world import fake_world
from infctl.model.journal import Kind
from infctl.model.plan import Operation, Plan, Step
from infctl.model.run import RunState, fold

ROOT = Path(__file__).parents[2]
_QUESTION = {
    "question": "Go on?",
    "answers": ["yes", "no"],
    "goes_on": ["yes"],
    "safe": "no",
    "deadline": 60,
}
PLAN = Plan(
    "p",
    "A plan of another release",
    "lab",
    (Step("a", Operation("ask", _QUESTION), timeout=60.0),),
    engine=7,
)


@pytest.fixture
def order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Order:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "run").mkdir(mode=0o700)
    journal = FileJournal(
        tmp_path / "run", run="r", plan_digest=PLAN.digest, actor="ada", clock=SystemClock()
    )
    journal.append(Kind.PLAN, args=PLAN.to_json())
    journal.append(Kind.LEASE, args={"pid": 1, "host": "other"})
    journal.close()
    return Order("r", PLAN, ROOT / "platform.yaml", "lab", "ada")


async def test_it_is_refused_with_what_differs_and_the_command(
    order: Order, tmp_path: Path
) -> None:
    with pytest.raises(Refused) as caught:
        await _carry_on(order, tmp_path, None)
    assert "engine: the plan is for 7" in caught.value.what
    assert "--adopt --reason" in caught.value.hint


async def test_an_adoption_stands_in_the_journal_with_who_and_why(
    order: Order, tmp_path: Path
) -> None:
    code = await _carry_on(order, tmp_path, Decision(Verb.ADOPT, "bob", "the old one is gone"))
    journal = FileJournal(
        tmp_path / "run", run="r", plan_digest=PLAN.digest, actor="ada", clock=SystemClock()
    )
    view = fold(journal.records())
    journal.close()
    assert "adopted by bob (the old one is gone) although engine" in view.notes[0]
    assert view.state is RunState.WAITING_FOR_APPROVAL
    assert code == int(Exit.PAUSED)


async def test_a_plan_that_was_changed_is_never_adopted(order: Order, tmp_path: Path) -> None:
    other = replace(order, plan=replace(PLAN, summary="Another plan"))
    with pytest.raises(Refused, match="the journal is of another plan"):
        await _carry_on(other, tmp_path, Decision(Verb.ADOPT, "bob", "why not"))


async def _carry_on(order: Order, tmp_path: Path, first: Decision | None) -> int:
    """An executor that is told to end as soon as it may."""
    fake = fake_world(clock=cast("FakeClock", SystemClock()))
    folder = tmp_path / "run"
    running = asyncio.create_task(
        execute(folder, order, lambda *_: fake.world("lab"), SystemClock(), first)
    )
    while not running.done() and not (folder / "control.sock").exists():  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    if not running.done():
        os.kill(os.getpid(), signal.SIGTERM)
    return await running
