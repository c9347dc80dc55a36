"""A region's control plane is real Kubernetes, with what the lab adds to it."""

import pytest
from real_control_plane import ControlPlane

pytestmark = pytest.mark.control_plane


def test_a_namespace_is_ready_for_pods(control_plane: ControlPlane, namespace: str) -> None:
    assert namespace
