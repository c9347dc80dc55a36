"""How long lists of many runs take: python measure_runs.py [RUNS], in a folder of its own."""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from infctl.clients.clock import SystemClock
from infctl.engine.journal import FileJournal
from infctl.executor import folders, watch
from infctl.executor.order import Order, write_order
from infctl.model.journal import Kind
from infctl.model.plan import Operation, Plan, Step

STEPS = 8
PLAN = Plan(
    "failover",
    "a run of eight steps",
    "lab",
    tuple(Step(f"s{n}", Operation("wait_until", {"text": "x" * 400})) for n in range(STEPS)),
)


def make_run() -> None:
    """One run that is over, as an executor leaves it."""
    run = folders.new_run_id()
    folder = folders.make_folder(run)
    write_order(folder, Order(run, PLAN, Path("/"), "lab", "measured"))
    digest = PLAN.digest
    journal = FileJournal(
        folder, run=run, plan_digest=digest, actor="measured", clock=SystemClock()
    )
    journal.append(Kind.PLAN, args=PLAN.to_json())
    journal.append(Kind.LEASE, args={"pid": 1})
    for step in PLAN.steps:
        journal.append(Kind.INTENT, step=step.id, attempt=1)
        journal.append(Kind.SENT, step=step.id, attempt=1, result={})
        journal.append(Kind.DONE, step=step.id, attempt=1, result={"evidence": ["seen"]})
    journal.append(Kind.HEAD, result={"state": "completed", "reason": "", "exit": 0})
    journal.close()


def measure(what: str, act: Callable[[], object]) -> None:
    """Print the best of three."""
    best = 1e9
    for _ in range(3):
        began = time.perf_counter()
        act()
        best = min(best, time.perf_counter() - began)
    print(f"{what}: {best:.2f} s")


def main(arguments: list[str]) -> int:
    """Make the runs, then list them in each way."""
    count = int(arguments[0]) if arguments else 5000
    # In memory: to write thousands of durable runs takes minutes and is not what is measured.
    with tempfile.TemporaryDirectory(dir="/dev/shm") as state:
        os.environ["XDG_STATE_HOME"] = state
        for _ in range(count):
            make_run()
        measure("the newest 100", lambda: watch.list_runs(100))
        measure("all of them", watch.list_runs)
        measure("those that have not ended", lambda: watch.unfinished_runs("lab"))
        sample = watch.run_ids()[: min(count, 200)]
        began = time.perf_counter()
        for run in sample:
            watch.read_run(run)
        whole = (time.perf_counter() - began) / len(sample) * count
        print(f"all of them, each journal read whole: {whole:.0f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
