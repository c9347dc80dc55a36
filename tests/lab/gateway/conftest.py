"""One real Envoy for the tests of this folder, with three servers behind it."""

from collections.abc import Iterator

import pytest
from echo_servers import Echo, serve
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
