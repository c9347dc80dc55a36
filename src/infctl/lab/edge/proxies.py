"""Which proxies a region's edge has: one for each port, and one for each path to another region."""

from dataclasses import dataclass

from infctl.lab import addresses
from infctl.lab.spec import Lab, Region


@dataclass(frozen=True, slots=True)
class Proxy:
    """`listen` and `upstream` are host:port, the name is unique in a region.

    `part` is of the region `other` where that is named, else of the edge's own region.
    """

    name: str
    listen: str
    upstream: str
    part: str
    other: str = ""


def proxies(lab: Lab, region: Region) -> list[Proxy]:
    """All proxies of a region. Pure."""
    ports = ((part, port) for part, ports in addresses.EDGE_PORTS.items() for port in ports)
    own = [_part(lab, region, part, port) for part, port in ports]
    others = [other for other in lab.regions if other != region]
    if lab.ipv6 and region == lab.regions[0]:
        own += [_ipv6(lab, region, port) for port in addresses.EDGE_PORTS["gateway"]]
    return own + [_path(lab, region, o, part) for o in others for part in addresses.PATHS]


def _part(lab: Lab, region: Region, part: str, port: int) -> Proxy:
    is_first = port == addresses.EDGE_PORTS[part][0]
    # The agent's server is at its nodes' addresses, as a kubelet's is.
    node = addresses.node(lab.number, region.number, 1)
    behind = node if part == "agent" else lab.inner(region, part)
    name = part if is_first else f"{part}-{port}"
    return Proxy(name, f"{lab.edge(region, part)}:{port}", f"{behind}:{port}", part)


def _ipv6(lab: Lab, region: Region, port: int) -> Proxy:
    """The same gateway, for clients without IPv4."""
    upstream = f"{lab.inner(region, 'gateway')}:{port}"
    return Proxy(f"gateway-{port}-ipv6", f"[{addresses.IPV6}]:{port}", upstream, "gateway")


def _path(lab: Lab, region: Region, other: Region, part: str) -> Proxy:
    """It ends at the other's edge: what ails that ails who comes this way, too."""
    upstream = f"{lab.edge(other, part)}:{addresses.EDGE_PORTS[part][0]}"
    listen = lab.path(region, other, part)
    return Proxy(f"to-{other.name}-{part}", listen, upstream, part, other.name)
