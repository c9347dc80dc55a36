"""The node agent, as the supervisor starts it."""

import os
import sys
import time
from pathlib import Path

from infctl.lab import addresses
from infctl.lab.agent import losses
from infctl.lab.agent.places import (
    METER_CERTIFICATE,
    METER_CLIENT,
    certificate_name,
    marker,
    node_addresses,
    pods_folder,
)
from infctl.lab.agent.records import Records, living
from infctl.lab.part import Part
from infctl.lab.processes import Process, is_alive, read_register
from infctl.lab.spec import Lab, Region

_SILENT_SECONDS = 12.0
_PASSED_ON = ("HOME", "XDG_CACHE_HOME")


def prepare(lab: Lab, region: Region) -> None:
    """Issue the certificates of the nodes' servers, and of who may read what pods use."""
    # The agent's own process needs no cryptography, and three of them start at once.
    from infctl.lab import pki

    pki.ensure_authority(lab)
    pki.issue(
        lab,
        certificate_name(region),
        common_name=f"node agent {region.name}",
        addresses=node_addresses(lab, region).values(),
    )
    pki.issue(lab, METER_CERTIFICATE, common_name=METER_CLIENT, client=True)
    # Faults do not outlive the supervisor that made them.
    losses.write(losses.wanted_path(lab, region), {})
    pods_folder(lab, region).mkdir(parents=True, exist_ok=True, mode=0o700)


def parts(lab: Lab, region: Region) -> list[Part]:
    """One process; ready while all its nodes are registered and their Leases renewed."""
    nodes = node_addresses(lab, region)
    path = marker(lab, region)

    async def ready() -> str:
        return why_not_ready(path, time.time())

    return [
        Part(
            name=f"agent-{region.name}",
            region=region.name,
            argv=(
                *(sys.executable, "-m", "infctl.lab.agent"),
                *("--state", str(lab.state)),
                *("--region", region.name),
            ),
            # The images' environments lie in the user's cache.
            environment={
                "PATH": "/usr/bin:/bin",
                "PYTHONUNBUFFERED": "1",
                **{name: os.environ[name] for name in _PASSED_ON if name in os.environ},
            },
            ready=ready,
            after=(f"api-{region.name}",),
            deadline=30,
            addresses=tuple(f"{host}:{addresses.AGENT_PORT}" for host in nodes.values()),
            detail=f"{len(nodes)} node{'s' if len(nodes) > 1 else ''}, pods as processes",
        )
    ]


def processes(lab: Lab, region: Region, node: str | None = None) -> list[Process]:
    """The living processes of pods of a region or of one node, whether its agent lives or not."""
    root = pods_folder(lab, region)
    if node is None:
        return living(root)
    uids = [uid for uid, record in Records(root).read().items() if record.node == node]
    return [process for uid in uids for process in living(root, uid)]


def why_not_ready(path: Path, now: float) -> str:
    """What a marker says: "" if its agent lives and renewed every node lately."""
    agent = read_register(path).get("agent")
    if agent is None or not is_alive(agent):
        return "its nodes are not registered yet"
    age = now - path.stat().st_mtime
    if age > _SILENT_SECONDS:
        return f"its nodes were renewed {age:.0f} s ago: it cannot reach its API server"
    return ""
