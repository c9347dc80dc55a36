"""Starts victims, holds them until a tracer has hold of them, and waits for their end."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from infctl.errors import Unmeasured
from infctl.simulator.crash.tracer import Tracer
from infctl.simulator.crash.victim import READY
from infctl.simulator.crash.weakness import Weakness

SECONDS = 60.0
"""After which a victim is stuck, which is a finding of its own."""
STUCK = -100
TRACE = "trace"
_MODULE = "infctl.simulator.crash.victim"
_CALL = re.compile(r"^\d+ +(?:\d+\.\d+ )?([a-z0-9]+)\(")


@dataclass(frozen=True, slots=True)
class Laboratory:
    """What every trial needs: a tracer, and how victims are spoiled."""

    tracer: Tracer
    weakness: Weakness = Weakness.NONE
    checkpoint: int = 0

    def run(self, folder: Path, *tracing: str) -> int:
        """Run one victim in a folder, traced if there are words for strace; its exit code.

        Minus the signal's number where it was killed, STUCK where it did not end.
        """
        with self._held(folder) as victim:
            if not tracing:
                return self._let_go(victim)
            with self._attached(victim.pid, tracing):
                return self._let_go(victim)

    @contextlib.contextmanager
    def _held(self, folder: Path) -> "Iterator[subprocess.Popen[bytes]]":
        words = [f"--weakness={self.weakness}", f"--checkpoint={self.checkpoint}"]
        with (folder / "stderr").open("ab") as log:
            victim = subprocess.Popen(
                [sys.executable, "-m", _MODULE, str(folder), *words],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=_surroundings(),
            )
        try:
            if _first_line(victim.stdout) != READY:
                raise Unmeasured(f"a victim does not start: {_last_line(folder / 'stderr')}")
            yield victim
        finally:
            _end(victim)

    @contextlib.contextmanager
    def _attached(self, pid: int, words: Sequence[str]) -> Iterator[None]:
        tracer = subprocess.Popen(
            self.tracer.command("-f", *words, "-p", str(pid)),
            env=self.tracer.surroundings(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        try:
            first = _first_line(tracer.stderr)
            if "attached" not in first:
                raise Unmeasured(
                    f"strace cannot trace here: {first[:200] or 'it said nothing'}",
                    hint="allow ptrace (in a container: --cap-add=SYS_PTRACE), then try again",
                )
            yield
        finally:
            _end(tracer)

    def _let_go(self, victim: "subprocess.Popen[bytes]") -> int:
        if victim.stdin is not None:
            victim.stdin.close()
        try:
            return victim.wait(SECONDS)
        except subprocess.TimeoutExpired:
            return STUCK

    def count(self, folder: Path, calls: Sequence[str]) -> dict[str, int]:
        """How often a whole run makes each of the system calls."""
        code = self.run(folder, "-o", str(folder / TRACE), "-e", f"trace={','.join(calls)}")
        if code != 0:
            raise Unmeasured(f"the rehearsal does not work unharmed: it ended with {code}")
        made = [_CALL.match(line) for line in (folder / TRACE).read_text().splitlines()]
        names = [found.group(1) for found in made if found]
        return {call: names.count(call) for call in calls if call in names}


def was_killed(code: int) -> bool:
    """Whether an exit code says SIGKILL."""
    return code == -signal.SIGKILL


def _surroundings() -> dict[str, str]:
    """Without the second folder for records: all trials would share it."""
    return {k: v for k, v in os.environ.items() if k not in ("INFCTL_SPILL", "XDG_RUNTIME_DIR")}


def _first_line(stream: IO[bytes] | None) -> str:
    return stream.readline().decode(errors="replace").strip() if stream is not None else ""


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Wait shortly for an end of its own; the tracer's comes with its victim's."""
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
    try:
        process.wait(2.0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stderr is not None:
        process.stderr.close()


def _last_line(path: Path) -> str:
    lines = path.read_text(errors="replace").strip().splitlines()
    return lines[-1][:200] if lines else "it said nothing"
