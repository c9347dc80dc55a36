"""One real Envoy with three servers behind it, and one that follows a real API server."""

import itertools
from collections.abc import Iterator

import pytest
from echo_servers import Echo, serve
from gateway_world import World, run_followed
from real_control_plane import ControlPlane
from running_envoy import RunningEnvoy, run_envoy

from infctl.lab import locate


@pytest.fixture(scope="session")
def envoy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEnvoy]:
    """Envoy without routes."""
    number, claim = locate.claim_number()
    with claim, run_envoy(tmp_path_factory.mktemp("envoy"), number) as running:
        yield running


@pytest.fixture(scope="session")
def echoes(envoy: RunningEnvoy) -> Iterator[dict[str, Echo]]:
    """The servers a, b and c, known to Envoy as Services of these names."""
    places = {name: f"127.{envoy.lab.number}.1.{64 + i}" for i, name in enumerate("abc")}
    with serve(*(Echo(name, place) for name, place in places.items())) as servers:
        envoy.know(*servers.values())
        yield servers


@pytest.fixture(scope="session")
def followed(
    control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningEnvoy]:
    """Envoy, whose files a controller writes as the lab's gateway user."""
    with run_followed(control_plane, tmp_path_factory.mktemp("followed")) as envoy:
        yield envoy


@pytest.fixture
def world(control_plane: ControlPlane, followed: RunningEnvoy, namespace: str) -> World:
    """A namespace in which objects are applied."""
    return World(control_plane, followed, namespace)


@pytest.fixture
def servers(followed: RunningEnvoy) -> Iterator[dict[str, Echo]]:
    """Two servers behind it, a and b, at addresses of the test's own."""
    first = next(_FREE)
    places = {name: f"127.{followed.lab.number}.1.{first + i}" for i, name in enumerate("ab")}
    with serve(*(Echo(name, place) for name, place in places.items())) as found:
        yield found


_FREE = itertools.count(64, 2)
