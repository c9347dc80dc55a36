"""One region with a node, a Prometheus and an autoscaler for the tests of this folder."""

from collections.abc import Iterator

import pytest
from real_autoscaler import Scaling, run_scaling


@pytest.fixture(scope="session")
def scaling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scaling]:
    """A control plane of its own: while its autoscaler is away, discovery fails for all."""
    state = tmp_path_factory.mktemp("scaling")
    with run_scaling(state, tmp_path_factory.mktemp("prometheus")) as found:
        yield found


@pytest.fixture
def place(scaling: Scaling, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace of the test's own."""
    name = f"t-{abs(hash(request.node.nodeid)) % 10**10}"
    scaling.plane.make_namespace(name)
    yield name
    scaling.plane.remove_namespace(name)
