"""Where bubblewrap comes from: PATH, the cache, else the distribution's package, unpacked."""

from pathlib import Path

from infctl.lab.cache import Report
from infctl.lab.debian import Package

PROGRAM = "bwrap"
PACKAGE = Package("bubblewrap", (PROGRAM,), "bubblewrap")


def ensure(report: Report) -> None:
    """Have bubblewrap; a lab without it runs all pods but those with volumes, so it says so."""
    PACKAGE.ensure_if_possible(report, "pods with volumes will not start")


def binary() -> Path:
    """The program's file; FileNotFoundError where it is missing or was changed."""
    return PACKAGE.binary(PROGRAM)
