"""Real servers for the whole run: a control plane with a namespace for each test, and a cloud.

Side by side, tests that share a server run in one process, so that it is started once; and what
takes longest begins first.
"""

import functools
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from real_control_plane import ControlPlane, run_control_plane
from running_cloud import RunningCloud, run_cloud
from xdist.scheduler import LoadScopeScheduling

_NUMBERS = itertools.count(1)
_ROOT = Path(__file__).parent
SHARED = {"control_plane": "control_plane", "RunningCloud": "cloud"}
"""What a file holds whose tests ask for a server, and the group of those."""
FOLDERS = ("lab/agent", "lab/autoscaler", "lab/whole")
"""Whose tests share servers of their own."""
MOVING = "moving traffic in a whole lab"
ALONE = {"lab/whole/test_killed_runs.py": MOVING, "lab/whole/test_operated.py": MOVING}
"""Files of such folders that take long enough for servers of their own; they come first there."""
LONGEST = (
    MOVING,
    "control_plane",
    "lab/agent",
    "cloud",
    "simulator/crash/test_crash_trials.py",
    "executor/test_what_works.py",
    "executor/test_slow_to_answer.py",
    "lab/autoscaler",
    "executor/test_process.py",
    "clients/test_hostile_cloud.py",
    "commands/test_selftest.py",
    "commands/test_moving_traffic.py",
)
"""Groups that take longest, as measured."""


class Grouped(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out whole groups of tests: files, or files that share a server."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid.partition("::")[0])


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Grouped:
    """Instead of the scheduler that --dist names."""
    return Grouped(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest; else their order stays."""
    places = {group: place for place, group in enumerate(LONGEST)}
    groups = [item.nodeid.partition("::")[0] for item in items]
    order = {path: places.get(group_of(path), len(places)) for path in groups}
    items.sort(key=lambda item: order[item.nodeid.partition("::")[0]])


@functools.cache
def group_of(path: str) -> str:
    """The group of a test file, by its path below the project's root."""
    name = path.removeprefix("tests/")
    if name in ALONE:
        return ALONE[name]
    folder = next((f for f in FOLDERS if name.startswith(f"{f}/")), None)
    text = (_ROOT.parent / path).read_text()
    return folder or next((SHARED[word] for word in SHARED if word in text), name)


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A region's API server with all that `lab up` installs; started when first asked for."""
    with run_control_plane(tmp_path_factory.mktemp("region")) as plane:
        yield plane


@pytest.fixture
def namespace(control_plane: ControlPlane) -> Iterator[str]:
    """The name of an empty namespace in which pods can be created."""
    name = f"test-{next(_NUMBERS)}"
    control_plane.make_namespace(name)
    yield name
    control_plane.remove_namespace(name)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """moto, its fronts and the name service; started when first asked for."""
    with run_cloud(tmp_path_factory.mktemp("cloud")) as found:
        yield found
