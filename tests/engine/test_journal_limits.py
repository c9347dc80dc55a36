"""Long incidents (B34): warned, then no further step; healing goes on, nothing leaks."""

import asyncio
import gc
import logging
import os
import sqlite3
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from toy_run import facts_of
from toy_world import Toy, ToyClock

from infctl.engine.decisions import Decision, Decisions, Verb
from infctl.engine.handler import Context
from infctl.engine.journal import STOP_AT, WARN_AT, FileJournal, read_journal
from infctl.engine.journal.storage import connect
from infctl.engine.machine import Machine
from infctl.errors import Refused
from infctl.model.journal import Kind, Record
from infctl.model.plan import Operation, Plan, Step
from infctl.model.run import RunState
from infctl.runbooks import failover

RECORDS = int(os.environ.get("INFCTL_JOURNAL_RECORDS", "12000"))
"""The whole incident of 72 hours has 50,000."""
ROOM = 10 * 1024 * 1024
PLAN = Plan(
    "long",
    "a long one",
    "lab",
    (
        Step("wait", Operation("wait_until", {})),
        Step("heal", Operation("heal_fault", {}), always=True),
    ),
)


def _open(folder: Path) -> FileJournal:
    journal = FileJournal(
        folder, run="01run", plan_digest=PLAN.digest, actor="tester", clock=ToyClock()
    )
    if not journal.records():
        journal.append(Kind.PLAN, args=PLAN.to_json())
        journal.append(Kind.LEASE, args={"pid": 1})
    return journal


def _fill(journal: FileJournal, until: int) -> None:
    """Attempts of a step that never works."""
    while len(journal.records()) < until:
        attempt = len(journal.records())
        journal.append(Kind.INTENT, step="wait", attempt=attempt)
        journal.append(Kind.FAILED, step="wait", result={"evidence": ["not observed"]})


def test_b34_a_long_journal_warns_once_and_stays_flat(
    short_syncs: None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    journal = _open(tmp_path)
    _fill(journal, 200)
    gc.collect()
    files, memory = _open_files(), _resident()
    for size in range(400, RECORDS + 1, 200):
        _fill(journal, size)
        journal.view()
    gc.collect()
    themselves = sum(_size(record) for record in journal.records())
    assert _resident() - memory <= themselves + ROOM
    assert _open_files() <= files
    said = [m for m in caplog.messages if str(WARN_AT) in m]
    assert len(said) == 1
    assert len(journal.view().notes) == 1
    assert (tmp_path / "journal.db-wal").stat().st_size <= ROOM
    journal.close()


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _size(record: Record) -> int:
    """What the record's own texts and numbers weigh."""
    values = [getattr(record, f.name) for f in fields(record)]
    return sys.getsizeof(record) + sum(_weight(v) for v in values)


def _weight(value: object) -> int:
    inside = list(value.items()) if isinstance(value, dict) else value
    rest = sum(map(_weight, inside)) if isinstance(inside, (list, tuple)) else 0
    return sys.getsizeof(value) + rest


@pytest.fixture
def short_syncs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Durability is not what is asked here; tens of thousands of fsyncs take minutes."""

    def quick(folder: Path) -> sqlite3.Connection:
        db = connect(folder)
        db.execute("PRAGMA synchronous=OFF")
        return db

    monkeypatch.setattr("infctl.engine.journal.disk.connect", quick)
    monkeypatch.setattr(os, "fsync", lambda _: None)


def test_b34_a_full_journal_begins_no_step_but_those_that_heal(
    short_syncs: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (WARN_AT, STOP_AT) == (10_240, 51_200)
    monkeypatch.setattr("infctl.engine.journal.writing.STOP_AT", 20)
    monkeypatch.setattr("infctl.engine.journal.limits.STOP_AT", 20)
    journal = _open(tmp_path)
    _fill(journal, 20)
    with pytest.raises(Refused, match="no further step starts at 20"):
        journal.append(Kind.INTENT, step="wait", attempt=30)
    journal.append(Kind.FAILED, step="wait", result={"evidence": ["full"]})
    journal.append(Kind.UNDO_INTENT, step="wait")
    journal.append(Kind.INTENT, step="heal", attempt=1)
    journal.append(Kind.DONE, step="heal", result={"evidence": ["healed"]})
    journal.append(Kind.PAUSE, args={"state": "paused_by_failed_step", "reason": "full"})
    journal.close()
    assert read_journal(tmp_path)[-1].kind == Kind.PAUSE


async def test_b34_a_run_whose_journal_is_full_pauses_and_can_be_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy = Toy()
    before = toy.state()
    facts = await facts_of(toy)
    plan = failover.plan(facts, "eu-west-1", "test")
    journal = FileJournal(
        tmp_path, run="01run", plan_digest=plan.digest, actor="tester", clock=toy.clock
    )
    journal.append(Kind.PLAN, args=plan.to_json())
    journal.append(Kind.LEASE, args={"pid": 1})
    # Room for the first step alone.
    monkeypatch.setattr("infctl.engine.journal.writing.STOP_AT", 3)
    monkeypatch.setattr("infctl.engine.journal.limits.STOP_AT", 3)
    decisions = Decisions()
    context = Context(toy.world(), Path("/nowhere"), "01run", "tester", journal.view)
    running = asyncio.create_task(Machine(plan, journal, context, decisions).run())
    while journal.view().state is not RunState.PAUSED_BY_FAILED_STEP:
        await asyncio.sleep(0)
        assert not running.done()
    assert "no further step starts at 3" in journal.view().reason
    assert toy.state() != before
    decisions.put(Decision(Verb.UNDO, by="tester"))
    state, _ = await running
    assert state is RunState.ROLLED_BACK
    assert toy.state() == before
    journal.close()
