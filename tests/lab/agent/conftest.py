"""One region with a real control plane and a node agent for the tests of this folder."""

from collections.abc import Iterator

import pytest
from real_agent import Node, run_node


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """Apart from the run's other control plane, whose tests count on there being no nodes."""
    with run_node(tmp_path_factory.mktemp("node")) as found:
        yield found


@pytest.fixture(scope="session")
def fragile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """Another region, for tests that stop or lose what others need."""
    with run_node(tmp_path_factory.mktemp("fragile")) as found:
        yield found


@pytest.fixture
def place(node: Node, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace of the test's own."""
    name = f"t-{abs(hash(request.node.nodeid)) % 10**10}"
    node.plane.make_namespace(name)
    yield name
    node.plane.remove_namespace(name)
