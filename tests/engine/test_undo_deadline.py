"""Undoing ends by the run's clock, says what it could not take back, and stays resumable."""

from pathlib import Path

import pytest
from toy_run import MemoryJournal, begin, carry
from toy_world import Toy

from infctl.engine.handler import Context
from infctl.engine.operations.scale_deployment import ScaleDeployment
from infctl.engine.undo import Undoing
from infctl.errors import Unreachable
from infctl.model.journal import Kind
from infctl.model.outcome import Outcome, Word
from infctl.model.plan import Operation, Plan, Step
from infctl.model.run import RunState, fold

REGION = "us-east-1"
ARGS = {"region": REGION, "namespace": "v", "name": "v-stable", "replicas": 5}


async def scaled(toy: Toy, timeout: float = 5.0) -> MemoryJournal:
    """A run that changed one number and is over."""
    step = Step("s", Operation("scale_deployment", ARGS, region=REGION), timeout=timeout)
    plan = Plan("p", "p", "lab", (step,))
    journal = begin(toy, plan)
    state, _ = await carry(toy, plan, journal)
    assert state is RunState.COMPLETED
    return journal


async def take_back(toy: Toy, journal: MemoryJournal) -> tuple[list[str], float]:
    """What is left over, and how long it took by the run's clock."""
    context = Context(
        toy.world(), Path("/nowhere"), "toy", "tester", lambda: fold(journal.records())
    )
    began = toy.clock.now
    residue = await Undoing(context, journal).run(fold(journal.records()))
    return residue, toy.clock.now - began


@pytest.mark.parametrize(("timeout", "patience"), [(5.0, 60.0), (90.0, 90.0)])
async def test_a_silent_region_is_asked_until_the_deadline_and_no_longer(
    monkeypatch: pytest.MonkeyPatch, timeout: float, patience: float
) -> None:
    toy = Toy()
    journal = await scaled(toy, timeout)

    async def silent(*_: object) -> None:
        raise Unreachable("no answer")

    monkeypatch.setattr(ScaleDeployment, "observe", silent)
    residue, took = await take_back(toy, journal)
    assert residue == [f"s: not taken back within {patience:g} s"]
    assert patience <= took < patience + 1
    assert toy.replicas[REGION] == 5


async def test_an_undo_whose_effect_is_never_seen_ends_at_the_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    toy = Toy()
    journal = await scaled(toy)

    async def unseen(*_: object) -> Outcome:
        return Outcome(Word.FAILED, ("not there",))

    async def as_left(*_: object) -> Outcome:
        return Outcome(Word.PASSED)

    monkeypatch.setattr(ScaleDeployment, "verify", unseen)
    monkeypatch.setattr(ScaleDeployment, "untouched", as_left)
    residue, took = await take_back(toy, journal)
    assert residue == ["s: not taken back within 60 s"]
    assert 60 <= took < 61
    assert toy.replicas[REGION] == 2
    assert [r.kind for r in journal.records()][-1] == Kind.UNDO_INTENT


async def test_what_is_as_before_already_is_said_to_be() -> None:
    toy = Toy()
    journal = await scaled(toy)
    toy.replicas[REGION] = 2
    assert (await take_back(toy, journal))[0] == []
    assert journal.records()[-1].result == {"evidence": ["as it was before already"]}


def bug(*_: object) -> Outcome:
    raise ZeroDivisionError


async def test_a_bug_in_one_undo_is_named_and_nothing_was_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    toy = Toy()
    journal = await scaled(toy)
    monkeypatch.setattr(ScaleDeployment, "untouched", bug)
    assert (await take_back(toy, journal))[0] == ["s: a bug in infctl: ZeroDivisionError"]
    assert toy.replicas[REGION] == 5
