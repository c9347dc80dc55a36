"""kill -9 of each part in turn: it is named, its region is shown honestly, and nothing remains."""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from living import Living, until

from infctl.lab import processes

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]
REGION = "us-east-1"
SEEN_WITHIN = {
    f"api-{REGION}": 10,
    f"etcd-{REGION}": 15,
    f"prometheus-{REGION}": 10,
    f"envoy-{REGION}": 60,
    f"agent-{REGION}": 45,
    f"cloud-{REGION}": 60,
    "moto": 10,
    "cloud": 10,
    "dns": 60,
}
"""Parts without which a region's picture has a hole, and seconds until `status` must show that."""
NAMED_ONLY = (f"controller-manager-{REGION}", f"scheduler-{REGION}", f"gateway-{REGION}")
"""Parts whose loss changes nothing for clients yet: `lab status` names them."""


@pytest.fixture(scope="module")
def doomed() -> Iterator[Living]:
    """A lab of two regions, to be taken apart."""
    with tempfile.TemporaryDirectory(prefix="infctl-") as folder:
        found = Living(Path(folder))
        try:
            found.run("lab", "up", "--regions", "2", timeout=120)
            found.run("deploy", "apply", "--region", REGION, "--region", "eu-west-1", timeout=120)
            until(lambda: found.regions()[REGION]["state"] == "healthy", 60, "it is healthy")
            yield found
        finally:
            recorded = found.recorded() if found.state().exists() else []
            found.run("lab", "down", timeout=30)
            left = [p for p in recorded if processes.is_alive(p)]
            processes.kill(left)
            assert not left, "processes outlived `lab down`"
            assert not found.state().exists()


@pytest.mark.parametrize("part", [*SEEN_WITHIN, *NAMED_ONLY])
def test_a_part_that_dies_is_named_and_its_region_is_not_called_healthy(
    doomed: Living, part: str
) -> None:
    os.kill(doomed.parts()[part]["pid"], signal.SIGKILL)
    until(lambda: doomed.parts()[part]["state"] == "dead", 5, f"{part} is dead")
    assert "SIGKILL" in doomed.parts()[part]["reason"]
    try:
        if part in SEEN_WITHIN:
            until(
                lambda: doomed.regions()[REGION]["state"] != "healthy",
                SEEN_WITHIN[part],
                f"{REGION} is not called healthy without {part}",
            )
    finally:
        assert f"started again: {part}" in doomed.run("lab", "up").stderr
    if part == "moto":
        # It keeps all in memory: what it held is deployed again.
        doomed.run("deploy", "apply", "--region", REGION, "--region", "eu-west-1", timeout=120)
    until(lambda: doomed.regions()[REGION]["state"] == "healthy", 90, f"{part} is back")


def test_a_killed_supervisor_takes_its_parts_along_and_down_cleans_up(doomed: Living) -> None:
    recorded = doomed.recorded()
    os.kill(doomed.read("lab", "status")["items"][-1]["pid"], signal.SIGKILL)
    said = doomed.run("lab", "status", code=6)
    assert "supervisor is gone" in said.stderr
    doomed.run("lab", "down")
    assert [p for p in recorded if processes.is_alive(p)] == []
