"""Where bubblewrap comes from: PATH, the cache, else the distribution's package, unpacked."""

from pathlib import Path

from infctl.lab.cache import Report
from infctl.lab.debian import Package
from infctl.lab.errors import LabError

PROGRAM = "bwrap"
PACKAGE = Package("bubblewrap", (PROGRAM,), "bubblewrap")


def ensure(report: Report) -> None:
    """Have bubblewrap; a lab without it runs all pods but those with volumes, so it says so."""
    try:
        PACKAGE.ensure(report)
    except LabError as error:
        report(f"{error.what}; pods with volumes will not start. {error.hint}")


def binary() -> Path:
    """The program's file; FileNotFoundError where it is missing or was changed."""
    return PACKAGE.binary(PROGRAM)
