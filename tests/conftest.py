"""Real servers for the whole run: a control plane with a namespace for each test, and a cloud."""

import itertools
from collections.abc import Iterator

import pytest
from real_control_plane import ControlPlane, run_control_plane
from running_cloud import RunningCloud, run_cloud

_NUMBERS = itertools.count(1)


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
