"""A run of twelve steps in a process of its own, over a world that outlives it."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "engine"))

from toy_run import facts_of
from toy_world import REGIONS, Toy

from infctl.engine.operations import find
from infctl.executor import launch, watch
from infctl.executor.folders import find_folder, run_ids, run_lock
from infctl.model.plan import BlastRadius, Operation, Plan, Step
from infctl.model.run import RunView, StepState
from infctl.runbooks import failover

ROOT = Path(__file__).parents[2]
EXECUTOR = Path(__file__).with_name("lasting_executor.py")
STEPS = 12
IS_WHOLE = os.environ.get("INFCTL_WHOLE") == "1"


def twelve_steps() -> Plan:
    """Three regions in turn, each from two replicas to three, four, five and six."""
    facts = asyncio.run(facts_of(Toy()))
    return _plan(
        "twelve", (failover.scale_step(facts, REGIONS[n % 3], 3 + n // 3) for n in range(STEPS))
    )


def deciding_steps() -> Plan:
    """Two steps that fail, one that asks, and two that change something."""
    region = REGIONS[0]
    args = {"log": "none", "seconds": 1.0, "p99": 1.0, "max_error_ratio": 0.1, "regions": [region]}
    fails = Step("", Operation("wait_steady", args), timeout=1.0)
    question = {"question": "on?", "answers": ["yes", "no"], "goes_on": ["yes"], "safe": "no"}
    asks = Step("", Operation("ask", {**question, "deadline": 86400}), timeout=86400.0)
    facts = asyncio.run(facts_of(Toy()))
    scales = [failover.scale_step(facts, region, replicas) for replicas in (3, 4)]
    return _plan("deciding", [fails, fails, asks, *scales])


def _plan(name: str, steps: Iterable[Step]) -> Plan:
    """The steps one after the other, as s01, s02 and so on."""
    found = []
    for number, step in enumerate(steps):
        after = (f"s{number:02}",) if number else ()
        found.append(replace(step, id=f"s{number + 1:02}", after=after))
    touched = {t for s in found for t in find(s.operation.kind, 1).touches(s.operation.args)}
    radius = BlastRadius(REGIONS, tuple(sorted(touched)))
    return Plan(name, f"{name} steps", "toy", tuple(found), radius)


@dataclass(frozen=True)
class Runs:
    """Starts such runs and reads what they did to the world."""

    world: Path
    plan: Plan

    def launch(self, plan: Plan | None = None) -> str:
        """A new run in a new world."""
        self.world.unlink(missing_ok=True)
        return launch.launch(plan or self.plan, platform=ROOT / "platform.yaml", environment="toy")

    def effects(self) -> list[str]:
        """What was done to the world, in its order."""
        return self.world.read_text().splitlines() if self.world.exists() else []

    def planned(self) -> list[str]:
        """What the plan does, each once."""
        return [
            f"scale {s.operation.region} {s.operation.args['replicas']}" for s in self.plan.steps
        ]

    def wait(self, run: str, wanted: Callable[[RunView], bool], seconds: float = 60.0) -> RunView:
        """The first view that is as wanted."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            view = watch.read_run(run) if (find_folder(run) / "journal.db").exists() else RunView()
            if wanted(view):
                return view
            time.sleep(0.03)
        raise AssertionError(f"{watch.read_run(run).state}: {watch.log_tail(find_folder(run))}")


def begun(view: RunView) -> int:
    """How many steps have begun."""
    return sum(step.state is not StepState.WAITING for step in view.steps)


def executor_of(run: str) -> int:
    """The process that carries it on, 0 where there is none."""
    holder = run_lock(find_folder(run)).holder()
    return int(holder.split("@")[0]) if "@" in holder else 0


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runs]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("TOY_WORLD", str(tmp_path / "world"))
    monkeypatch.setattr(launch, "EXECUTOR", (sys.executable, str(EXECUTOR)))
    yield Runs(tmp_path / "world", twelve_steps())
    # A test that failed in the middle leaves no executor behind.
    for run in run_ids():
        if pid := executor_of(run):
            os.kill(pid, signal.SIGKILL)
