"""What a step costs over its fsyncs: python scripts/measure_step.py [--steps N] [--rounds N].

A plan of quick steps over a world in memory goes through the real machine into a real journal. In
turn with each record, one of its kind and size is written bare into a second database and mark, as
durably and with nothing else: so both meet the same disk and the same neighbours. A step's figure
is what it took without those bare writes, over what they took.
"""

import argparse
import asyncio
import itertools
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

from infctl.clients.clock import SystemClock
from infctl.engine import operations
from infctl.engine.decisions import Decisions
from infctl.engine.handler import Args, Context, Handler, not_yet, passed
from infctl.engine.journal import FileJournal
from infctl.engine.journal.storage import connect, open_mark, sync_folder
from infctl.engine.journal.verification import mark_of
from infctl.engine.machine import Machine
from infctl.executor.own_files import filesystem_of
from infctl.fakes.world import fake_world
from infctl.model.journal import Kind, Record
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation, Plan, Step
from infctl.model.run import RunState, RunView

_DRAWN = 2000


class Touch(Handler):
    """Args: name. An act that costs nothing, so that what is left is the engine's."""

    kind = "touch"

    def __init__(self) -> None:
        self.touched: set[str] = set()

    async def observe(self, context: Context, args: Args) -> Any:
        """Whether it was touched."""
        del context
        return args["name"] in self.touched

    def undo(self, before: Any, args: Args) -> Operation | None:
        """As large as real ones are."""
        return Operation(self.kind, {**args, "before": before, "why": "x" * 200})

    async def apply(self, context: Context, operation: Operation, key: str) -> Any:
        """Touch it."""
        self.touched.add(operation.args["name"])
        return {"at": context.world.clock.wall(), "written": [key]}

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """See it touched."""
        del context
        name = operation.args["name"]
        return passed(f"{name} is touched") if name in self.touched else not_yet(f"{name} is not")


def make_plan(count: int) -> Plan:
    """Steps one after the other."""
    return Plan("measured", "quick steps", "fake", tuple(_step(n) for n in range(count)))


def _step(number: int) -> Step:
    after = (f"step-{number - 1}",) if number else ()
    return Step(f"step-{number}", Operation(Touch.kind, {"name": f"thing-{number}"}), after=after)


class Bare:
    """Rows and marks alone, each durable before the next."""

    def __init__(self, folder: Path) -> None:
        self._db = connect(folder)
        self._mark = open_mark(folder)
        self._count = 0
        self.seconds = 0.0
        sync_folder(folder)

    def write(self, record: Record) -> None:
        """One row and one mark like those of a record; adds up what they took."""
        body, mark = record.canonical, mark_of(record)
        self._count += 1
        began = time.perf_counter()
        with self._db:
            self._db.execute("INSERT INTO records (seq, body) VALUES (?, ?)", (self._count, body))
        os.pwrite(self._mark, mark, 0)
        os.fsync(self._mark)
        self.seconds += time.perf_counter() - began

    def close(self) -> None:
        """Give back the files."""
        os.close(self._mark)
        self._db.close()


class Alternating:
    """A journal beside which the same is written bare; `moments` are intents, in both clocks."""

    def __init__(self, journal: FileJournal, bare: Bare) -> None:
        self._journal = journal
        self._bare = bare
        self._latest: dict[str, Record] = {}
        self.aside = 0.0
        self.moments: list[tuple[float, float]] = []

    def append(self, kind: Kind, **content: Any) -> Record:
        """The record, and one like it, now the one first and now the other."""
        if kind is Kind.INTENT:
            self.moments.append((time.perf_counter() - self.aside, self._bare.seconds))
        like = self._latest.get(kind)
        is_first = like is not None and like.seq % 2 == 0
        if is_first and like is not None:
            self._write_bare(like)
        record = self._journal.append(kind, **content)
        if not is_first:
            self._write_bare(record)
        self._latest[kind] = record
        return record

    def _write_bare(self, record: Record) -> None:
        began = time.perf_counter()
        self._bare.write(record)
        self.aside += time.perf_counter() - began

    def records(self) -> tuple[Record, ...]:
        """All records so far."""
        return self._journal.records()

    def view(self) -> RunView:
        """The run as the records tell it."""
        return self._journal.view()


async def run_once(folder: Path, bare: Bare, plan: Plan) -> list[tuple[float, float]]:
    """For each step, seconds of the machine, and seconds of the same writes alone."""
    digest = plan.digest
    journal = FileJournal(
        folder, run="measured", plan_digest=digest, actor="measured", clock=SystemClock()
    )
    try:
        journal.append(Kind.PLAN, args=plan.to_json())
        journal.append(Kind.LEASE, args={"pid": os.getpid()})
        context = Context(fake_world().world(), folder, "measured", "measured", journal.view)
        both = Alternating(journal, bare)
        with patch.dict(vars(operations)["_HANDLERS"], {(Touch.kind, Touch.version): Touch()}):
            state, reason = await Machine(plan, both, context, Decisions()).run()
        if state is not RunState.COMPLETED:
            raise SystemExit(f"the run did not complete: {state}: {reason}")
        pairs = itertools.pairwise(both.moments)
        return [(after[0] - before[0], after[1] - before[1]) for before, after in pairs]
    finally:
        journal.close()


def measure(parent: Path, steps: int, rounds: int) -> list[list[tuple[float, float]]]:
    """Every step of every round, each round in new folders."""
    plan = make_plan(steps)
    found = []
    for _ in range(rounds):
        with (
            tempfile.TemporaryDirectory(dir=parent) as one,
            tempfile.TemporaryDirectory(dir=parent) as other,
        ):
            bare = Bare(Path(other))
            try:
                found.append(asyncio.run(run_once(Path(one), bare, plan)))
            finally:
                bare.close()
    return found


def ratio_of(steps: Sequence[tuple[float, float]]) -> float:
    """The median step over the median of its writes alone."""
    machine, bare = (statistics.median(times) for times in zip(*steps, strict=True))
    return float(machine / bare)


def interval(ratios: Sequence[float], seed: int = 1) -> tuple[float, float]:
    """Where the median lies in 95 of 100 draws with replacement."""
    draw = random.Random(seed)  # noqa: S311 - repeatable
    medians = sorted(statistics.median(draw.choices(ratios, k=len(ratios))) for _ in range(_DRAWN))
    return medians[int(_DRAWN * 0.025)], medians[int(_DRAWN * 0.975)]


def main() -> int:
    """Print both times of a step and their ratio; 0 where the bound is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--bound", type=float, default=1.3)
    parser.add_argument("--folder", type=Path, default=Path.cwd(), help="on the disk to measure")
    chosen = parser.parse_args()
    if (kind := filesystem_of(chosen.folder)) in ("tmpfs", "ramfs"):
        print(f"{chosen.folder} is on {kind}, where fsync costs nothing: name a --folder on a disk")
        return 2
    rounds = measure(chosen.folder, chosen.steps, chosen.rounds)
    ratios = [ratio_of(steps) for steps in rounds]
    machine, bare = zip(*itertools.chain.from_iterable(rounds), strict=True)
    print(f"a step: {statistics.median(machine) * 1000:.2f} ms")
    print(f"its fsyncs alone: {statistics.median(bare) * 1000:.2f} ms")
    ratio = statistics.median(ratios)
    low, high = interval(ratios)
    print(f"ratio: {ratio:.2f} (95 %: {low:.2f} to {high:.2f}), bound {chosen.bound:g}")
    return 0 if ratio <= chosen.bound else 1


if __name__ == "__main__":
    sys.exit(main())
