"""One lab for all of these tests: brought up, deployed to, and taken down, as a user would."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from living import Living, until

from infctl.lab import processes


@pytest.fixture(scope="session")
def living() -> Iterator[Living]:
    """A lab of three regions that serves; afterwards nothing of it may remain."""
    # A folder of pytest's own would be too long for a unix socket.
    with tempfile.TemporaryDirectory(prefix="infctl-") as folder:
        found = Living(Path(folder))
        try:
            found.run("lab", "up", timeout=150)
            found.run("deploy", "apply", timeout=200)
            until(lambda: _all_healthy(found), 60, "all regions are healthy")
            yield found
        finally:
            recorded = found.recorded() if found.state().exists() else []
            found.run("lab", "down", timeout=30)
            left = [p for p in recorded if processes.is_alive(p)]
            processes.kill(left)
            assert not left, "processes outlived `lab down`"
            assert not found.state().exists()


def _all_healthy(living: Living) -> bool:
    states = {name: row["state"] for name, row in living.regions().items()}
    return bool(states) and set(states.values()) == {"healthy"}
