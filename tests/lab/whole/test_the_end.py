"""kill -9 of each part in turn: it is named, its region is shown honestly, and nothing remains.

These come last: in the end the lab of all these tests is gone.
"""

import os
import signal

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
    f"cloud-{REGION}": 10,
    "moto": 10,
    "dns": 60,
    f"agent-{REGION}": 45,
}
"""Parts without which a region's picture has a hole, and seconds until `status` must show that."""
NAMED_ONLY = (
    *(f"{part}-{REGION}" for part in ("controller-manager", "scheduler", "gateway", "metrics")),
    "cloud",
)
"""Parts whose loss changes nothing for clients yet: `lab status` names them.

Without the cloud's front the name servers themselves still tell who is in the answers.
"""
LAST = f"agent-{REGION}"
"""Its node's pods were given up meanwhile, and nothing after it needs them back."""


@pytest.mark.parametrize("part", [*NAMED_ONLY, *SEEN_WITHIN])
def test_a_part_that_dies_is_named_and_its_region_is_not_called_healthy(
    living: Living, part: str
) -> None:
    os.kill(living.parts()[part]["pid"], signal.SIGKILL)
    until(lambda: living.parts()[part]["state"] == "dead", 5, f"{part} is dead")
    assert "SIGKILL" in living.parts()[part]["reason"]
    try:
        if part in SEEN_WITHIN:
            until(
                lambda: living.regions()[REGION]["state"] != "healthy",
                SEEN_WITHIN[part],
                f"{REGION} is not called healthy without {part}",
            )
    finally:
        assert f"started again: {part}" in living.run("lab", "up").stderr
    if part == "moto":
        # It keeps all in memory: what it held is deployed again.
        living.run("deploy", "apply", timeout=120)
    if part != LAST:
        until(lambda: living.regions()[REGION]["state"] == "healthy", 90, f"{part} is back")


def test_a_killed_supervisor_takes_its_parts_along_and_down_cleans_up(living: Living) -> None:
    recorded = living.recorded()
    os.kill(living.read("lab", "status")["items"][-1]["pid"], signal.SIGKILL)
    said = living.run("lab", "status", code=6)
    assert "supervisor is gone" in said.stderr
    living.run("lab", "down")
    assert [p for p in recorded if processes.is_alive(p)] == []
