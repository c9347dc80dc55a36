"""Where nginx comes from: PATH, the cache on disk, else the distribution's package, unpacked."""

from pathlib import Path

from infctl.lab.cache import Report
from infctl.lab.debian import Package

PACKAGE = Package("nginx", ("nginx",), "nginx")


def ensure(report: Report) -> None:
    """Have nginx; a lab without it keeps no answers, so it says so."""
    PACKAGE.ensure_if_possible(report, "answers of models will not be kept")


def binary() -> Path:
    """The program's file; FileNotFoundError where it is missing or was changed."""
    return PACKAGE.binary("nginx")
