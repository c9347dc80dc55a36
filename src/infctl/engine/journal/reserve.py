"""A file that holds room on the disk, given back for the last records when the disk is full."""

import os
from pathlib import Path

NAME = "reserve"
SIZE = 1024 * 1024


def keep(folder: Path) -> None:
    """Take the room, where it is not taken yet; OSError where the disk has none left."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(folder / NAME, flags, 0o600)
    try:
        if os.fstat(descriptor).st_size < SIZE:
            os.posix_fallocate(descriptor, 0, SIZE)
    except OSError:
        (folder / NAME).unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def give_back(folder: Path) -> bool:
    """Free the room; False where there was none or it cannot be freed."""
    try:
        (folder / NAME).unlink()
    except OSError:
        return False
    return True
