"""Kubernetes' shelf of the cache."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infctl.lab import cache
from infctl.lab.cache import Report, scratch_of, staged

__all__ = ["Report", "exclusive", "root", "scratch_of", "staged"]


def root() -> Path:
    """The folder of all entries."""
    return cache.root("kubernetes")


@contextmanager
def exclusive(report: Report) -> Iterator[None]:
    """Hold the right to change the shelf."""
    with cache.exclusive(root(), "getting Kubernetes", report):
        yield
