"""Which parts a lab has: here the packages of the lab meet, and nowhere else."""

from importlib import import_module
from typing import Any

from infctl.lab import controlplane, gateway
from infctl.lab.processes import Process
from infctl.lab.spec import Lab
from infctl.lab.supervisor.service import Assembly


def _optional(name: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError:
        return None


def assemble(lab: Lab) -> Assembly:
    """Write every part's files and describe the parts."""
    from infctl.lab import cloud, dns

    parts = [*cloud.parts(lab), *dns.parts(lab)]
    for region in lab.regions:
        gateway.prepare(lab, region)
    return Assembly(parts, lambda region: residents(lab, region))


def residents(lab: Lab, region: str) -> list[Process]:
    """The pods' processes of a region, as its agent recorded them."""
    agent = _optional("infctl.lab.agent")
    if agent is None:
        return []
    return list(agent.processes(lab, lab.region(region)))
