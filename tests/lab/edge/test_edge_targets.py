"""Targets and the proxies that they name."""

from dataclasses import replace
from pathlib import Path

import pytest

from infctl.lab.edge.proxies import proxies
from infctl.lab.edge.targets import proxies_of
from infctl.lab.spec import Lab, Region

LAB = Lab("lab", 20, Path("/nowhere"), (Region("a", 1), Region("b", 2), Region("c", 3)))
OWN = {"api", "gateway", "gateway-8443", "metrics", "agent", "cloud"}
PATHS = ("api", "gateway", "metrics", "cloud")


@pytest.mark.parametrize(
    ("target", "region", "names"),
    [
        ("region/a", "a", OWN | {f"to-{other}-{part}" for other in "bc" for part in PATHS}),
        ("edge/b", "b", OWN),
        ("edge/b/api", "b", {"api"}),
        ("edge/b/gateway", "b", {"gateway", "gateway-8443"}),
        ("path/c/a", "c", {f"to-a-{part}" for part in PATHS}),
        ("path/c/a/gateway", "c", {"to-a-gateway"}),
    ],
)
def test_a_target_names_proxies_of_one_region(target: str, region: str, names: set[str]) -> None:
    assert proxies_of(LAB, target) == {(region, name) for name in names}


def test_the_first_gateway_answers_by_ipv6_too_and_faults_strike_both_ways_to_it() -> None:
    both = replace(LAB, ipv6=True)
    added = {p.name: p.listen for p in proxies(both, both.regions[0])}.items() - {
        (p.name, p.listen) for p in proxies(LAB, LAB.regions[0])
    }
    assert dict(added) == {"gateway-8080-ipv6": "[::1]:8080", "gateway-8443-ipv6": "[::1]:8443"}
    assert proxies(both, both.regions[1]) == proxies(LAB, LAB.regions[1])
    names = {name for _, name in proxies_of(both, "edge/a/gateway")}
    assert names == {"gateway", "gateway-8443", *dict(added)}


def test_between_two_regions_are_the_paths_of_both() -> None:
    assert proxies_of(LAB, "between/a/b") == {
        (here, f"to-{there}-{part}") for here, there in ("ab", "ba") for part in PATHS
    }


@pytest.mark.parametrize(
    "target",
    [
        *(
            "",
            "region",
            "region/x",
            "region/a/b",
            "edge",
            "edge/x",
            "edge/a/nothing",
            "edge/a/api/x",
        ),
        *("path/a", "path/a/a", "path/a/x", "path/a/b/agent", "path/a/b/api/x", "between/a"),
        *("between/a/a", "between/a/b/c", "part/edge-a", "node/a/a-1", "edge//api", "path/a//api"),
    ],
)
def test_what_is_not_there_names_none(target: str) -> None:
    assert proxies_of(LAB, target) == set()


def test_no_two_proxies_share_an_address_or_a_name() -> None:
    every = [(region.name, proxy) for region in LAB.regions for proxy in proxies(LAB, region)]
    assert len({proxy.listen for _, proxy in every}) == len(every)
    assert len({(region, proxy.name) for region, proxy in every}) == len(every)
    assert all(proxy.listen.startswith("127.20.") for _, proxy in every)
