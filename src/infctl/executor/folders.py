"""Where runs live: one folder each, named by a ULID in lower case."""

import fcntl
import os
import re
import secrets
import time
from pathlib import Path

from infctl.errors import ConfigurationError, UsageError
from infctl.model.names import is_name, nearest

RUN_ID = re.compile(r"[0-9a-hjkmnp-tv-z]{26}")
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_run_id() -> str:
    """A ULID in lower case: 48 bits of milliseconds, 80 random bits, in Crockford's base 32."""
    value = (int(time.time() * 1000) << 80) | secrets.randbits(80)
    return "".join(_ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5))


def runs_folder() -> Path:
    """The folder of all runs, made where missing, mode 0700."""
    from infctl.wiring import state_folder

    folder = state_folder() / "runs"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigurationError(f"{folder} cannot be made: {error.strerror}") from error
    return folder


def make_folder(run: str) -> Path:
    """A new run's folder with the folder of its request logs, mode 0700."""
    folder = runs_folder() / run
    folder.mkdir(mode=0o700)
    (folder / "requests").mkdir(mode=0o700)
    return folder


def run_ids() -> list[str]:
    """All runs, the newest first."""
    names = (path.name for path in runs_folder().iterdir() if path.is_dir())
    return sorted((name for name in names if RUN_ID.fullmatch(name)), reverse=True)


def find_folder(run: str) -> Path:
    """The folder of a run named in full, by a unique beginning or end, or as `latest`."""
    known = run_ids()
    if run == "latest" and known:
        return runs_folder() / known[0]
    found = [name for name in known if name.startswith(run) or name.endswith(run)]
    if len(found) == 1 and run:
        return runs_folder() / found[0]
    if len(found) > 1:
        raise UsageError(f"{len(found)} runs are named {run}", hint="infctl runs list")
    close = nearest(run, known)
    raise UsageError(
        f"there is no run {run}", hint=f"did you mean {close}?" if close else "infctl runs list"
    )


class Lock:
    """A lock on a file that its process holds until it ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1

    def acquire(self, content: str) -> bool:
        """Take it and write who holds it; False where another process does."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(self._path, flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, content.encode(), 0)
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Give it back."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def holder(self) -> str:
        """What the holder wrote, or an empty text where nobody holds it."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
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
