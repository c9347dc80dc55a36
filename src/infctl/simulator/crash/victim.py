"""A process to be killed: `python -m infctl.simulator.crash.victim FOLDER`.

It runs the rehearsal, or goes on with it where the folder holds its journal, and says `ready` once
everything is imported; then it waits for a line, so that a tracer can take hold of it.
"""

import argparse
import asyncio
import contextlib
import ctypes
import os
import sys
from pathlib import Path
from typing import Any

from infctl.clients.clock import SystemClock
from infctl.engine.decisions import Decisions
from infctl.engine.handler import Context
from infctl.engine.journal import FileJournal
from infctl.engine.machine import Machine
from infctl.errors import Exit, InfctlError
from infctl.model.journal import Kind, Record
from infctl.model.plan import Plan
from infctl.model.run import RunState, fold
from infctl.simulator.crash.outside import Cut, Ledger, open_world
from infctl.simulator.crash.rehearsal import RUN, rehearsal
from infctl.simulator.crash.weakness import Weakness, checkpoint_often, spoil

READY = "ready"
ACKNOWLEDGED = "acknowledged"
PAUSED = "paused"
ACTOR = "a victim"
_PR_SET_PTRACER = 0x59616D61
_ANYBODY = ctypes.c_ulong(-1)


class Watched(FileJournal):
    """A journal that says when a record was acknowledged, and stops a run that pauses."""

    said: int | None = None
    paused: "asyncio.Event | None" = None

    def append(self, kind: Kind, **content: Any) -> Record:
        """Append, then say so in a file of its own, which is not synced."""
        record = super().append(kind, **content)
        if self.said is not None:
            os.write(self.said, b"%d\n" % record.seq)
        if kind is Kind.PAUSE and self.paused is not None:
            self.paused.set()
        return record


def open_journal(folder: Path, plan: Plan) -> Watched:
    """The journal of the rehearsal in a folder, its plan written where it is new."""
    journal = Watched(folder, run=RUN, plan_digest=plan.digest, actor=ACTOR, clock=SystemClock())
    if (folder / ACKNOWLEDGED).exists():
        journal.said = os.open(folder / ACKNOWLEDGED, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
    if not journal.records():
        journal.append(Kind.PLAN, args=plan.to_json())
    return journal


async def perform(folder: Path, cut: Cut | None = None) -> int:
    """Run the rehearsal to its end; the exit code, 4 where it paused."""
    plan = rehearsal()
    journal = open_journal(folder, plan)
    ledger = Ledger(folder, cut)
    try:
        if fold(journal.records()).over:
            return int(Exit.DONE)
        return await _run(folder, plan, journal, ledger)
    finally:
        journal.close()
        ledger.close()


async def _run(folder: Path, plan: Plan, journal: Watched, ledger: Ledger) -> int:
    world = open_world(ledger, SystemClock())
    journal.append(Kind.LEASE, args={"pid": os.getpid(), "host": "selftest"})
    context = Context(world, folder, RUN, ACTOR, lambda: fold(journal.records()))
    journal.paused = asyncio.Event()
    running = asyncio.create_task(Machine(plan, journal, context, Decisions()).run())
    pausing = asyncio.create_task(journal.paused.wait())
    await asyncio.wait({running, pausing}, return_when=asyncio.FIRST_COMPLETED)
    pausing.cancel()
    if not running.done():
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return int(Exit.PAUSED)
    state, reason = running.result()
    code = Exit.DONE if state is RunState.COMPLETED else Exit.FAILED
    journal.append(Kind.HEAD, result={"state": str(state), "reason": reason, "exit": int(code)})
    return int(code)


def main() -> int:
    """Read the arguments, say ready, wait for the word, run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--weakness", type=Weakness, default=Weakness.NONE)
    parser.add_argument("--checkpoint", type=int, default=0)
    chosen = parser.parse_args()
    spoil(chosen.weakness)
    if chosen.checkpoint:
        checkpoint_often(chosen.checkpoint)
    _allow_tracing()
    print(READY, flush=True)
    sys.stdin.readline()
    try:
        return asyncio.run(perform(chosen.folder))
    except InfctlError as error:
        print(error.what, file=sys.stderr)
        return int(error.exit_code)


def _allow_tracing() -> None:
    """Where the kernel lets only parents trace (Yama), let anybody; elsewhere it does nothing."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PTRACER, _ANYBODY, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main())
