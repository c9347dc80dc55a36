"""Real servers for the whole run: a control plane with a namespace for each test, and a cloud.

Side by side, tests that share a server run in one process, so that it is started once; and what
takes longest begins first.
"""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from real_control_plane import ControlPlane, run_control_plane
from running_cloud import RunningCloud, run_cloud

_NUMBERS = itertools.count(1)
_ROOT = Path(__file__).parent
SHARED = {"control_plane": "control_plane", "running": "cloud"}
"""Fixtures of servers, and the group of the tests that ask for them."""
FOLDERS = ("lab/agent", "lab/autoscaler")
"""Whose tests share servers of their own."""
LONGEST = (
    "control_plane",
    "lab/agent",
    "cloud",
    "simulator/crash/test_crash_trials.py",
    "executor/test_what_works.py",
    "executor/test_slow_to_answer.py",
    "lab/autoscaler",
    "clients/test_hostile_cloud.py",
    "commands/test_selftest.py",
    "executor/test_process.py",
)
"""Groups that take longest, as measured."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Group the tests, and begin with what takes longest; else their order stays."""
    groups: dict[Path, str] = {}
    for item in items:
        name = item.path.relative_to(_ROOT).as_posix()
        folder = next((f for f in FOLDERS if name.startswith(f"{f}/")), None)
        used = [SHARED[f] for f in SHARED if f in getattr(item, "fixturenames", ())]
        # One that asks for a server takes the rest of its file along.
        if folder or used or item.path not in groups:
            groups[item.path] = folder or (used[0] if used else name)
    for item in items:
        item.add_marker(pytest.mark.xdist_group(groups[item.path]))
    places = {group: place for place, group in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(groups[item.path], len(places)))


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
