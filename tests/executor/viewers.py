"""Programs that watch a run, each on a terminal of its own that can hang up."""

import contextlib
import os
import pty
import select
import signal
import subprocess
import sys
import time

from infctl.errors import Exit

# Whoever leads a session gets the terminal that it opens first, and its hang-up.
_ON_ITS_TERMINAL = (
    "import os, sys\n"
    "os.close(os.open(os.ttyname(0), os.O_RDWR))\n"
    "os.execv(sys.argv[1], sys.argv[1:])"
)


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
        self.seen = b""

    def watch(self, seconds: float) -> None:
        """Let it draw for so long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and self.process.poll() is None:
            if select.select([self.terminal], [], [], left)[0]:
                with contextlib.suppress(OSError):
                    self.seen += os.read(self.terminal, 65536)

    def until(self, words: bytes, seconds: float = 20.0) -> None:
        """Until it has said these words, or has ended."""
        end = time.monotonic() + seconds
        while words not in self.seen and self.process.poll() is None:
            assert time.monotonic() < end, self.seen
            self.watch(0.05)

    def end(self) -> None:
        """kill -9, if it still lives."""
        self.process.kill()
        self.process.wait()
        self._close()

    def _close(self) -> None:
        if self.terminal >= 0:
            os.close(self.terminal)
        self.terminal = -1

    def hang_up(self) -> None:
        """Its terminal is closed, or the connection behind it drops."""
        self._close()
        try:
            code = self.process.wait(10)
            # -1 before it can catch the signal, 0 where the run ended first; one that had not begun
            # to speak may not have had the terminal yet.
            assert code in (Exit.HANGUP, -signal.SIGHUP, 0) or not self.seen, (code, self.seen)
        finally:
            self.process.kill()


def attach(run: str) -> Viewer:
    """The command line's own."""
    return Viewer(sys.executable, "-m", "infctl", "runs", "attach", run)
