"""Where Prometheus comes from: PATH, the cache, else the distribution's package, unpacked."""

from pathlib import Path

from infctl.lab.cache import Report
from infctl.lab.debian import Package

PACKAGE = Package("prometheus", ("prometheus", "promtool"), "Prometheus")


def ensure(report: Report) -> None:
    """Have Prometheus; LabError, with the line that installs it, where that fails."""
    PACKAGE.ensure(report)


def binary(program: str = "prometheus") -> Path:
    """The program's file; FileNotFoundError with the remedy where it is missing or was changed."""
    return PACKAGE.binary(program)
