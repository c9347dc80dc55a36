"""Which proxies a target names. Pure."""

from collections.abc import Callable

from infctl.lab import addresses
from infctl.lab.edge.proxies import Proxy, proxies
from infctl.lab.spec import Lab

FORMS = ("region/R", "edge/R", "edge/R/PART", "path/A/B", "path/A/B/PART", "between/A/B")
Found = set[tuple[str, str]]
"""Regions and names of their proxies."""


def proxies_of(lab: Lab, target: str) -> Found:
    """The proxies of a target; none where there is no such target.

    `region` is all that passes a region's edge, what its own parts use to reach out included;
    `edge` is what others use of it; `path` is what A's parts use of B; `between` that both ways.
    """
    kind, *names = target.split("/")
    match kind, names:
        case "region", [region]:
            return _choose(lab, region, lambda _: True)
        case "edge", [region, *part] if _is_part(part, tuple(addresses.EDGE)):
            return _choose(lab, region, lambda p: not p.other and p.part in (part or [p.part]))
        case "path", [region, other, *part] if _is_part(part, addresses.PATHS):
            return _choose(lab, region, lambda p: _leads(p, other) and p.part in (part or [p.part]))
        case "between", [one, two]:
            there = _choose(lab, one, lambda p: _leads(p, two))
            return there | _choose(lab, two, lambda p: _leads(p, one))
    return set()


def _is_part(named: list[str], parts: tuple[str, ...]) -> bool:
    """Whether it is one of the parts, or nothing."""
    return not named or (len(named) == 1 and named[0] in parts)


def _leads(proxy: Proxy, other: str) -> bool:
    return bool(proxy.other) and proxy.other == other


def _choose(lab: Lab, name: str, is_meant: Callable[[Proxy], bool]) -> Found:
    regions = [region for region in lab.regions if region.name == name]
    return {(r.name, p.name) for r in regions for p in proxies(lab, r) if is_meant(p)}
