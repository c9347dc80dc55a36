"""Where the agent's files lie, and what is where in its region."""

from pathlib import Path

from infctl.lab import addresses
from infctl.lab.spec import Lab, Region

METER_CERTIFICATE = "resource-metrics"
"""The name among the lab's certificates of who may read what pods use, and nothing else."""
METER_CLIENT = "infctl:resource-metrics"
"""Its common name."""


def pods_folder(lab: Lab, region: Region) -> Path:
    """The records and logs of a region's pods."""
    return lab.folder(region) / "pods"


def marker(lab: Lab, region: Region) -> Path:
    """Names the agent whose nodes are ready; its age is that of the oldest Lease."""
    return lab.folder(region) / "agent.json"


def certificate_name(region: Region) -> str:
    """The name of the agent's certificate among the lab's."""
    return f"agent-{region.name}"


def certificate(lab: Lab, region: Region) -> tuple[Path, Path]:
    """The agent's certificate and key."""
    base = lab.ca.parent / certificate_name(region)
    return base.with_name(base.name + ".crt"), base.with_name(base.name + ".key")


def node_addresses(lab: Lab, region: Region) -> dict[str, str]:
    """A region's nodes, address by name."""
    return {
        f"{region.name}-node-{number}": addresses.node(lab.number, region.number, number)
        for number in range(1, region.nodes + 1)
    }


def cloud_endpoint(lab: Lab, region: Region) -> str:
    """Where the region's cloud is reached."""
    return f"http://{lab.edge(region, 'cloud')}:{addresses.CLOUD_PORT}"
