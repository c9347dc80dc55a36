"""Where runs live: one folder each, named by a ULID in lower case."""

import contextlib
import fcntl
import logging
import os
import secrets
import time
from pathlib import Path

from infctl.engine.journal import planted
from infctl.engine.order import RUN_ID
from infctl.errors import ConfigurationError, UsageError
from infctl.executor.own_files import check_folders, folder_problem, medium_problem
from infctl.model.names import is_name, nearest
from infctl.model.text import clean

_log = logging.getLogger(__name__)
_told: set[Path] = set()
"""Folders of which was warned."""
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_run_id() -> str:
    """A ULID in lower case: 48 bits of milliseconds, 80 random bits, in Crockford's base 32."""
    value = (int(time.time() * 1000) << 80) | secrets.randbits(80)
    return "".join(_ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5))


def runs_folder() -> Path:
    """The folder of all runs, made where missing, mode 0700.

    Where others may write there it is only good for reading, and that is said once.
    """
    from infctl.wiring import state_folder

    folder = state_folder() / "runs"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigurationError(f"{folder} cannot be made: {error.strerror}") from error
    _warn_of(folder.parent)
    _warn_of(folder)
    return folder


def _warn_of(folder: Path) -> None:
    problem, hint = folder_problem(folder)
    if problem and folder not in _told:
        _told.add(folder)
        _log.warning("%s %s: runs can be read only (%s)", folder, problem, hint)


def make_folder(run: str) -> Path:
    """A new run's folder with the folder of its request logs, mode 0700."""
    if RUN_ID.fullmatch(run) is None:
        raise UsageError(f"{clean(run, limit=80)} is no run's id")
    parent = runs_folder()
    check_folders(parent.parent, parent)
    if problem := medium_problem(parent):
        _log.warning("%s", problem)
    folder = parent / run
    try:
        folder.mkdir(mode=0o700)
        (folder / "requests").mkdir(mode=0o700)
    except OSError as error:
        raise ConfigurationError(
            f"{folder} cannot be made: {error.strerror}", unchanged="nothing was started"
        ) from error
    return folder


def run_ids() -> list[str]:
    """All runs, the newest first. Links are no runs."""
    folder = runs_folder()
    if folder.is_symlink() or folder.parent.is_symlink():
        return []
    try:
        with os.scandir(folder) as found:
            names = [e.name for e in found if e.is_dir(follow_symlinks=False)]
    except OSError as error:
        raise ConfigurationError(f"{folder} cannot be read: {error.strerror}") from error
    return sorted((name for name in names if RUN_ID.fullmatch(name)), reverse=True)


def find_folder(run: str) -> Path:
    """The folder of a run named in full, by a unique beginning or end, or as `latest`."""
    known = run_ids()
    if run == "latest" and known:
        return runs_folder() / known[0]
    found = [name for name in known if run and (name.startswith(run) or name.endswith(run))]
    if len(found) == 1:
        return runs_folder() / found[0]
    shown = clean(run, limit=80) or "''"
    if len(found) > 1:
        raise UsageError(f"{len(found)} runs are named {shown}", hint="infctl runs list")
    close = nearest(run[:80], known)
    listed = "infctl runs list --clusters" if RUN_ID.fullmatch(run) else "infctl runs list"
    raise UsageError(
        f"there is no run {shown} on this machine",
        hint=f"did you mean {close}?" if close else listed,
    )


class Lock:
    """A lock on a file that its process holds until it ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1

    def acquire(self, content: str) -> bool:
        """Take it and write who holds it; False where another process does."""
        descriptor = self._open()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, content.encode(), 0)
        self._descriptor = descriptor
        return True

    def _open(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            check_folders(self._path.parent)
            descriptor = os.open(self._path, flags, 0o600)
        except OSError as error:
            raise ConfigurationError(
                f"{self._path} cannot be locked: {error.strerror}", unchanged="nothing was done"
            ) from error
        if problem := planted(self._path):
            os.close(descriptor)
            raise ConfigurationError(f"{self._path} {problem}", unchanged="nothing was done")
        return descriptor

    def release(self) -> None:
        """Give it back."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def touch(self) -> None:
        """Show that the holder still does something."""
        with contextlib.suppress(OSError):
            os.utime(self._descriptor)

    def touched(self) -> float | None:
        """When its holder showed that last, in seconds since the epoch; None without a file."""
        try:
            return self._path.lstat().st_mtime
        except OSError:
            return None

    def holder(self) -> str:
        """What the holder wrote, or an empty text where nobody holds it."""
        try:
            flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
            descriptor = os.open(self._path, flags)
        except OSError:
            return ""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return os.pread(descriptor, 4096, 0).decode(errors="replace") or "?"
        finally:
            os.close(descriptor)
        return ""


def run_lock(folder: Path) -> Lock:
    """Held by the run's executor while it lives."""
    return Lock(folder / "executor.lock")


def environment_lock(environment: str) -> Lock:
    """Held by the one executor that may change an environment from this machine."""
    if not is_name(environment):
        raise UsageError(f"{environment!r} cannot be the name of an environment")
    return Lock(runs_folder().parent / "locks" / f"{environment}.lock")
