"""B6: whatever signal comes when, the next command works."""

import contextlib
import os
import random
import signal
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from twelve_steps import IS_WHOLE, Runs, begun, executor_of, runs
from viewers import Viewer, attach

from infctl.commands.run import run as run_command
from infctl.errors import Exit
from infctl.executor import watch
from infctl.model.run import RunState

MOMENTS = int(os.environ.get("INFCTL_SIGNALS", "200" if IS_WHOLE else "5"))
__all__ = ["runs"]


@dataclass
class Scene:
    """A run, who watches it, and a chance."""

    run: str
    viewer: Viewer
    chance: random.Random

    def to_viewer(self, number: signal.Signals) -> None:
        self.viewer.process.send_signal(number)
        self.viewer.watch(self.chance.uniform(0.0, 0.1))

    def interrupt(self, times: int) -> None:
        """Ctrl-C; what it asks for arrives before anybody types the next command."""
        for _ in range(times):
            self.to_viewer(signal.SIGINT)
        self.viewer.until(b"Ctrl-C again detaches")
        if times == 2:
            self.viewer.until(b"\0nothing more")
            # -2 before Python can catch it; 4 where the run was quicker to pause.
            left = (Exit.INTERRUPTED, -signal.SIGINT, Exit.DONE, Exit.PAUSED)
            assert self.viewer.process.returncode in left

    def to_executor(self, number: signal.Signals) -> None:
        if pid := executor_of(self.run):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


def _both(scene: Scene) -> None:
    scene.viewer.process.kill()
    scene.to_executor(signal.SIGKILL)


Strike = Callable[[Scene], None]
STRIKES: dict[str, Strike] = {
    "Ctrl-C": lambda s: s.interrupt(1),
    "Ctrl-C twice": lambda s: s.interrupt(2),
    "SIGTERM to the viewer": lambda s: s.to_viewer(signal.SIGTERM),
    "terminal closed": lambda s: s.viewer.hang_up(),
    "SIGKILL to the viewer": lambda s: s.to_viewer(signal.SIGKILL),
    "SIGINT to the executor": lambda s: s.to_executor(signal.SIGINT),
    "SIGTERM to the executor": lambda s: s.to_executor(signal.SIGTERM),
    "SIGHUP to the executor": lambda s: s.to_executor(signal.SIGHUP),
    "SIGKILL to the executor": lambda s: s.to_executor(signal.SIGKILL),
    "SIGKILL to both": _both,
}


@pytest.mark.timeout(max(200, 15 * MOMENTS))
def test_b6_the_next_command_works_after_any_signal_at_any_moment(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOY_PACE", "10")
    chance = random.Random(6)
    sent = 0
    while sent < MOMENTS:
        run = runs.launch()
        runs.wait(run, lambda view: begun(view) > 0)
        while sent < MOMENTS and not watch.read_run(run).over:
            name = list(STRIKES)[sent % len(STRIKES)]
            viewer = attach(run)
            viewer.watch(chance.uniform(0.0, 1.2))
            STRIKES[name](Scene(run, viewer, chance))
            sent += 1
            assert _next_command(run) in (Exit.DONE, Exit.TIMEOUT), name
            viewer.end()
        while not watch.read_run(run).over:
            run_command(["runs", "resume", run, "--timeout", "60"])
        assert watch.read_run(run).state is RunState.COMPLETED
        assert runs.effects() == runs.planned()


def _next_command(run: str) -> int:
    """What resuming leads to, asked once."""
    code = run_command(["runs", "resume", run, "--timeout", "1"])
    # It may end while it is asked.
    return int(Exit.DONE) if watch.read_run(run).over else code
