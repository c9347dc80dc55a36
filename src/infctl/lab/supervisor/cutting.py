"""Faults of the network: what they make of a region's edge proxy."""

import hashlib
import itertools
from collections import defaultdict

from infctl.lab.edge.control import Edge, Standing, socket_of
from infctl.lab.edge.targets import proxies_of
from infctl.lab.edge.toxics import Toxic, toxics
from infctl.lab.spec import Lab, Region
from infctl.lab.supervisor.fault import Fault


class Cutting:
    """The hand on the edges."""

    part = "edge"
    kinds = ("refuse", "swallow", "slow", "limit", "lossy", "half_open")

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def regions_of(self, target: str) -> set[str]:
        """Those whose edge has the target's proxies."""
        return {region for region, _ in proxies_of(self._lab, target)}

    async def settle(self, region: Region, faults: list[Fault]) -> None:
        """Toxics of other faults are not touched, so their connections stay as they are."""
        edge = Edge(socket_of(self._lab, region))
        await edge.settle(wanted(self._lab, region, faults))


def wanted(lab: Lab, region: Region, faults: list[Fault]) -> dict[str, Standing]:
    """How each proxy of a region stands under these faults. Pure."""
    found: dict[str, list[Fault]] = defaultdict(list)
    for fault in faults:
        for there, proxy in proxies_of(lab, fault.target):
            if there == region.name:
                found[proxy].append(fault)
    return {
        proxy: Standing(
            is_open=all(fault.kind != "refuse" for fault in held),
            toxics=dict(itertools.chain.from_iterable(map(_named, held))),
        )
        for proxy, held in found.items()
    }


def _named(fault: Fault) -> list[tuple[str, Toxic]]:
    """An id may be any text; a toxic's name is part of an address."""
    name = hashlib.sha256(fault.id.encode()).hexdigest()[:16]
    made = toxics(fault.kind, fault.parameters, fault.at)
    return [(f"{name}-{toxic.stream}", toxic) for toxic in made]
