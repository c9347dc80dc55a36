"""The processes of a region that are nobody's part: the pods that its agent started."""

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from infctl.lab.processes import Process
from infctl.lab.spec import Lab


def residents(lab: Lab, region: str, node: str | None = None) -> list[Process]:
    """The pods' processes of a region or of one of its nodes, as the agent recorded them."""
    agent = _agent()
    if agent is None:
        return []
    return [Process(p.pid, p.started) for p in agent.processes(lab, lab.region(region), node)]


def nodes(lab: Lab, region: str) -> list[str]:
    """The names of a region's nodes."""
    agent = _agent()
    return list(agent.node_addresses(lab, lab.region(region))) if agent else []


def lose(lab: Lab, region: str, lost: Mapping[str, str]) -> None:
    """Tell the region's agent which of its nodes are lost, each with the kind of its fault."""
    if agent := _agent():
        agent.losses.write(agent.losses.wanted_path(lab, lab.region(region)), lost)


def lost(lab: Lab, region: str) -> dict[str, str]:
    """The nodes that the region's agent has let go of."""
    agent = _agent()
    return dict(agent.losses.read(agent.losses.held_path(lab, lab.region(region)))) if agent else {}


def _agent() -> Any:
    return import_module("infctl.lab.agent") if find_spec("infctl.lab.agent") else None
