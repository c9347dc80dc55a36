"""The lab's address plan: a /16 of 127.0.0.0/8 per lab, the same ports everywhere.

127.L.0.z is shared, 127.L.R.z belongs to region R: .1-.15 are edge addresses (what others use of
the region, and what its own parts use to reach out; its edge proxy listens there), .16-.31 inner
addresses of servers, .32-.63 nodes, .64-.254 pods. A pod is known to Kubernetes as 239.L.R.z.
Parts of region A reach a part of region B by `path`, so that A can lose B while others reach it.
"""

from typing import Final

IPV6: Final = "::1"
"""The only loopback address of IPv6: one lab's first region answers there."""
FIRST_LAB: Final = 16
LAST_LAB: Final = 254

API_PORT: Final = 6443
GATEWAY_PORT: Final = 8080
GATEWAY_TLS_PORT: Final = 8443
METRICS_PORT: Final = 9090
AGENT_PORT: Final = 10250
CLOUD_PORT: Final = 4566
DNS_PORT: Final = 5353
DNS_ADMIN_PORT: Final = 8053
IDENTITY_PORT: Final = 8443
MOTO_PORT: Final = 5000
TRACES_PORT: Final = 4318
CACHE_PORT: Final = 8081
ORIGIN_PORT: Final = 8082
"""On which the gateway serves what its response cache asks for."""
CACHE_METRICS_PORT: Final = 9145
ENVOY_ADMIN_PORT: Final = 9901
ETCD_PORT: Final = 2379
ETCD_PEER_PORT: Final = 2380
CONTROLLER_MANAGER_PORT: Final = 10257
SCHEDULER_PORT: Final = 10259

EDGE: Final = {"api": 1, "gateway": 2, "metrics": 3, "agent": 4, "cloud": 5}
EDGE_PORTS: Final = {
    "api": (API_PORT,),
    "gateway": (GATEWAY_PORT, GATEWAY_TLS_PORT),
    "metrics": (METRICS_PORT,),
    "agent": (AGENT_PORT,),
    "cloud": (CLOUD_PORT,),
}
PATHS: Final = ("api", "gateway", "metrics", "cloud")
"""The parts of another region to which a path leads, each to its first port."""
_PATHS: Final = 6
_FIRST_PATH_PORT: Final = 12000
_PORTS_A_REGION: Final = 10
INNER: Final = {
    "api": 16,
    "gateway": 17,
    "metrics": 18,
    "agent": 19,
    "cloud": 20,
    "etcd": 21,
    "controller-manager": 22,
    "scheduler": 23,
    "controllers": 24,
    "cache": 25,
}
SHARED: Final = {"moto": 2, "cloud": 3, "identity": 7, "traces": 8, "dns": 53}
FIRST_CLIENT: Final = 64
FIRST_NODE: Final = 32
FIRST_POD: Final = 64
LAST_POD: Final = 254


def shared(lab: int, part: str) -> str:
    """The address of a shared part, such as `dns`."""
    return f"127.{lab}.0.{SHARED[part]}"


def edge(lab: int, region: int, part: str) -> str:
    """The address by which others reach a part of a region."""
    return f"127.{lab}.{region}.{EDGE[part]}"


def inner(lab: int, region: int, part: str) -> str:
    """The address on which a part listens for its own region, or behind its edge proxy."""
    return f"127.{lab}.{region}.{INNER[part]}"


def path(lab: int, region: int, other: int, part: str) -> tuple[str, int]:
    """The address and port by which a region's own parts reach a part of another region."""
    port = _FIRST_PATH_PORT + other * _PORTS_A_REGION + PATHS.index(part)
    return f"127.{lab}.{region}.{_PATHS}", port


def node(lab: int, region: int, number: int) -> str:
    """The InternalIP of a region's node; numbers start at 1."""
    return f"127.{lab}.{region}.{FIRST_NODE + number - 1}"


def known_as(address: str) -> str:
    """The pod address that Kubernetes accepts for a loopback address (239/8 goes nowhere)."""
    return "239." + address.split(".", 1)[1]


def listens_on(address: str) -> str:
    """The loopback address behind a pod address; other addresses are returned as they are."""
    first, rest = address.split(".", 1)
    return "127." + rest if first == "239" else address
