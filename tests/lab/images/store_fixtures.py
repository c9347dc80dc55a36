"""Fixtures for tests of the real server: a store, and environments with addresses of their own."""

import itertools
from collections.abc import Callable, Iterator

import pytest
from model_store import model_store
from running_server import environment_of

from infctl.lab.images import ensure

Environment = Callable[..., dict[str, str]]


@pytest.fixture(scope="module")
def store() -> Iterator[tuple[str, int]]:
    ensure(print)
    with model_store() as found:
        yield found


@pytest.fixture(scope="module")
def environment(store: tuple[str, int]) -> Environment:
    """Makes the environment of a pod with an address of its own."""
    endpoint, lab = store
    numbers = itertools.count(64)
    return lambda **changes: environment_of(f"127.{lab}.1.{next(numbers)}", endpoint, **changes)
