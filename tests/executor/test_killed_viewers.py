"""B1: whatever becomes of who watches, the run goes on, and the next one sees where it is."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from twelve_steps import IS_WHOLE, STEPS, Runs, begun, runs
from viewers import Viewer, attach

from infctl.executor import watch
from infctl.executor.folders import find_folder
from infctl.model.run import RunState, RunView

KILLS = int(os.environ.get("INFCTL_VIEWER_KILLS", "100" if IS_WHOLE else "10"))
SECONDS = 1.0 if IS_WHOLE else 4.0
"""Within which a new viewer shows the true step; machines that test much else need more."""
__all__ = ["runs"]


def _console(run: str) -> Viewer:
    return Viewer(sys.executable, str(Path(__file__).with_name("toy_console.py")), run)


KINDS: list[Callable[[str], Viewer]] = [attach, _console]
ENDS: list[Callable[[Viewer], None]] = [Viewer.end, Viewer.end, Viewer.end, Viewer.hang_up]


async def _first_view(run: str) -> RunView:
    async for view in watch.follow(run):
        return view
    raise AssertionError("nothing to see")


@pytest.mark.timeout(3000 if IS_WHOLE else 150)
def test_b1_a_run_of_twelve_steps_completes_whoever_watches_it_is_killed(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A step takes half a second, so that viewers have the time to come up.
    monkeypatch.setenv("TOY_PACE", "10")
    chance = random.Random(1)
    killed = 0
    while killed < KILLS:
        run = runs.launch()
        runs.wait(run, lambda view: begun(view) > 0)
        while killed < KILLS and not watch.read_run(run).over:
            viewer = chance.choice(KINDS)(run)
            viewer.watch(chance.uniform(0.0, 2.0))
            chance.choice(ENDS)(viewer)
            killed += 1
            _see_the_true_step(runs, run)
        assert runs.wait(run, lambda view: view.over).state is RunState.COMPLETED
        assert runs.effects() == runs.planned()
    assert killed == KILLS


def _see_the_true_step(runs: Runs, run: str) -> None:
    """What a new viewer sees first, against what the world has seen by then."""
    least, began = len(runs.effects()), time.monotonic()
    view = asyncio.run(_first_view(run))
    assert time.monotonic() - began <= SECONDS
    assert view.state in (RunState.RUNNING, RunState.COMPLETED)
    # A step begins before its effect.
    assert least <= begun(view) <= min(STEPS, len(runs.effects()) + 1)


def test_b1attaching_again_prints_the_true_step_within_a_second(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOY_PACE", "14")
    run = runs.launch()
    runs.wait(run, lambda view: begun(view) >= 2)
    first = attach(run)
    first.watch(0.7)
    first.end()
    again = subprocess.Popen(
        [sys.executable, "-m", "infctl", "runs", "attach", run],
        stderr=subprocess.PIPE,
        text=True,
    )
    began = time.monotonic()
    assert again.stderr is not None
    lines: list[str] = []
    while f"s{len(runs.effects()):02}" not in " ".join(lines):
        lines.append(again.stderr.readline())
        assert lines[-1]
    # Python's own start is in it.
    assert time.monotonic() - began <= SECONDS + 1.0
    again.send_signal(signal.SIGKILL)
    again.wait()
    again.stderr.close()
    assert watch.is_alive(find_folder(run))
