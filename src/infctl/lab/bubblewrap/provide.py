"""Where bubblewrap comes from: PATH, the cache, else the distribution's package, unpacked."""

import time
from contextlib import suppress
from pathlib import Path

from infctl.lab import cache
from infctl.lab.cache import Report
from infctl.lab.debian import Package
from infctl.lab.errors import LabError

PROGRAM = "bwrap"
_PAUSE_SECONDS = 3600.0
PACKAGE = Package("bubblewrap", (PROGRAM,), "bubblewrap")


def ensure(report: Report) -> None:
    """Have bubblewrap; a lab without it runs all pods but those with volumes, so it says so.

    What failed is not tried again for an hour: without a network that takes minutes.
    """
    mark = cache.root(PACKAGE.name) / "failed"
    if _is_young(mark):
        return
    try:
        PACKAGE.ensure(report)
    except LabError as error:
        report(f"{error.what}; pods with volumes will not start. {error.hint}")
        with suppress(OSError):
            mark.touch()


def _is_young(mark: Path) -> bool:
    try:
        return time.time() - mark.stat().st_mtime < _PAUSE_SECONDS
    except OSError:
        return False


def binary() -> Path:
    """The program's file; FileNotFoundError where it is missing or was changed."""
    return PACKAGE.binary(PROGRAM)
