"""Remembers hosted zones in a file of this machine, behind the port `KnownZones`."""

import asyncio
import logging
import os
import stat
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from infctl.content.known_zone import known_text, read_known
from infctl.model.measured import Measured, unknown
from infctl.model.text import clean
from infctl.ports.clock import Clock
from infctl.ports.cloud import CloudState

SOURCE = "known state"
REWRITE_SECONDS = 60.0
"""How old a file may be before the same state is written again."""
_LARGEST = 1024 * 1024
_LEFT_SECONDS = 3600.0
_log = logging.getLogger(__name__)


class KnownZoneFile:
    """One environment's zone in `folder`/ENVIRONMENT.json, mode 0600."""

    def __init__(self, folder: Path, environment: str, clock: Clock) -> None:
        self._folder = folder
        self._path = folder / f"{environment}.json"
        self._environment = environment
        self._clock = clock
        self._kept: tuple[CloudState, float] | None = None

    async def keep(self, zone: str, state: CloudState) -> None:
        """Write it where it is news; a zone without records is none."""
        now = self._clock.wall()
        if not state.records or (
            self._kept is not None
            and self._kept[0] == state
            and 0 <= now - self._kept[1] < REWRITE_SECONDS
        ):
            return
        try:
            text = known_text(self._environment, zone, state, now)
            await asyncio.to_thread(self._write, text)
        except (OSError, ValueError) as error:
            _log.info("the state of zone %s is not kept: %s", zone, error)
            return
        self._kept = state, now

    async def recall(self, zone: str) -> Measured[CloudState]:
        """Read it again, strictly."""
        now = self._clock.wall()
        try:
            text = await asyncio.to_thread(self._read)
            state, at = read_known(text, self._environment, zone, now)
        except FileNotFoundError:
            return unknown(SOURCE, now, "nothing is known of an earlier day")
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            why = f"{self._path} is not used: {clean(reason, limit=200)}"
            return unknown(SOURCE, now, why)
        return Measured(state, at, SOURCE)

    def _write(self, text: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._check(self._folder.lstat(), stat.S_ISDIR)
        # Several programs, and several threads of one, may write at once: the last has the word.
        descriptor, name = tempfile.mkstemp(".new", f"{self._environment}.", self._folder)
        made = Path(name)
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            made.replace(self._path)
        except OSError:
            with suppress(OSError):
                made.unlink(missing_ok=True)
            raise
        self._sweep()

    def _sweep(self) -> None:
        """Take away what writers left that were killed in the middle."""
        for left in self._folder.glob(f"{self._environment}.*.new"):
            with suppress(OSError):
                if time.time() - left.lstat().st_mtime > _LEFT_SECONDS:
                    left.unlink()

    def _read(self) -> bytes:
        self._check(self._folder.lstat(), stat.S_ISDIR)
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        with os.fdopen(os.open(self._path, flags), "rb") as file:
            found = os.fstat(file.fileno())
            self._check(found, stat.S_ISREG)
            if found.st_nlink != 1 or found.st_size > _LARGEST:
                raise ValueError("it has a second name or is too large")
            return file.read(_LARGEST)

    @staticmethod
    def _check(found: os.stat_result, is_kind: Callable[[int], bool]) -> None:
        if not is_kind(found.st_mode):
            raise ValueError("it is a link or of another kind")
        if found.st_uid != os.geteuid():
            raise ValueError("it belongs to somebody else")
        if found.st_mode & 0o022:
            raise ValueError("it may be written by others")
