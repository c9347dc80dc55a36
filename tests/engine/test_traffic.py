"""Clients that are gone are not waited for."""

import pytest

from infctl.engine.traffic import QUIET_SECONDS, require_clients
from infctl.errors import InfctlError
from infctl.ports.load import RequestRecord


def test_silent_clients_are_gone_and_said_to_be_so() -> None:
    last = RequestRecord("c", 99.0, 100.0, True, 200, "eu-west-1", "127.0.0.1")
    require_clients([], 1000.0)
    require_clients([last], 100.0 + QUIET_SECONDS)
    with pytest.raises(InfctlError, match="no request for 31 s"):
        require_clients([last], 131.0)
