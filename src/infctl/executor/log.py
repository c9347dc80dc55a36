"""The executor's log: its own output, kept from growing without end in a long incident."""

import contextlib
import logging
import os
import stat
import sys
from pathlib import Path

LOG = "executor.log"
OLDER = "executor.log.1"
LARGEST = 4 * 1024 * 1024
"""Bytes of each of the two files."""


class CappedLog(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes to stderr; where that is the run's log and it grew large, a new file takes its place.

    Output of libraries goes there too, hence the descriptors themselves are replaced.
    """

    def __init__(self, folder: Path, largest: int = LARGEST) -> None:
        super().__init__(sys.stderr)
        self._folder = folder
        self._largest = largest
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """One line. A log that cannot be replaced is gone on with: no run ends for its log."""
        super().emit(record)
        with contextlib.suppress(OSError):
            if self._is_full():
                self._replace()

    def _is_full(self) -> bool:
        found = os.fstat(2)
        if not stat.S_ISREG(found.st_mode) or found.st_size < self._largest:
            return False
        own = (self._folder / LOG).lstat()
        return (own.st_dev, own.st_ino) == (found.st_dev, found.st_ino)

    def _replace(self) -> None:
        (self._folder / LOG).replace(self._folder / OLDER)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW
        descriptor = os.open(self._folder / LOG, flags, 0o600)
        for output in (1, 2):
            os.dup2(descriptor, output, inheritable=True)
        os.close(descriptor)
