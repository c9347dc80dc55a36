"""B1: whatever becomes of who watches, the run goes on, and the next one sees where it is."""

import asyncio
import contextlib
import os
import pty
import random
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from twelve_steps import IS_WHOLE, STEPS, Runs, begun, runs

from infctl.errors import Exit
from infctl.executor import watch
from infctl.executor.folders import find_folder
from infctl.model.run import RunState, RunView

KILLS = int(os.environ.get("INFCTL_VIEWER_KILLS", "100" if IS_WHOLE else "10"))
SECONDS = 1.0 if IS_WHOLE else 4.0
"""Within which a new viewer shows the true step; machines that test much else need more."""
# Whoever leads a session gets the terminal that it opens first, and its hang-up.
_ON_ITS_TERMINAL = (
    "import os, sys\n"
    "os.close(os.open(os.ttyname(0), os.O_RDWR))\n"
    "os.execv(sys.argv[1], sys.argv[1:])"
)
__all__ = ["runs"]


class Viewer:
    """A program that watches a run on a terminal of its own."""

    def __init__(self, *argv: str) -> None:
        self.terminal, inside = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", _ON_ITS_TERMINAL, *argv],
            stdin=inside,
            stdout=inside,
            stderr=inside,
            start_new_session=True,
        )
        os.close(inside)

    def watch(self, seconds: float) -> None:
        """Let it draw for so long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and self.process.poll() is None:
            if select.select([self.terminal], [], [], left)[0]:
                with contextlib.suppress(OSError):
                    os.read(self.terminal, 65536)

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()
        os.close(self.terminal)

    def hang_up(self) -> None:
        """Its terminal is closed, or the connection behind it drops."""
        os.close(self.terminal)
        try:
            # -1 before it can catch the signal, 0 where the run ended first.
            assert self.process.wait(10) in (Exit.HANGUP, -signal.SIGHUP, 0)
        finally:
            self.process.kill()


def _attach(run: str) -> Viewer:
    return Viewer(sys.executable, "-m", "infctl", "runs", "attach", run)


def _console(run: str) -> Viewer:
    return Viewer(sys.executable, str(Path(__file__).with_name("toy_console.py")), run)


KINDS: list[Callable[[str], Viewer]] = [_attach, _console]
ENDS: list[Callable[[Viewer], None]] = [Viewer.kill, Viewer.kill, Viewer.kill, Viewer.hang_up]


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


def test_b1_attaching_again_prints_the_true_step_within_a_second(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOY_PACE", "14")
    run = runs.launch()
    runs.wait(run, lambda view: begun(view) >= 2)
    first = _attach(run)
    first.watch(0.7)
    first.kill()
    again = subprocess.Popen(
        [sys.executable, "-m", "infctl", "runs", "attach", run],
        stderr=subprocess.PIPE,
        text=True,
    )
    began = time.monotonic()
    assert again.stderr is not None
    lines = []
    while f"s{len(runs.effects()):02}" not in " ".join(lines):
        lines.append(again.stderr.readline())
        assert lines[-1]
    # Python's own start is in it.
    assert time.monotonic() - began <= SECONDS + 1.0
    again.send_signal(signal.SIGKILL)
    again.wait()
    again.stderr.close()
    assert watch.is_alive(find_folder(run))
