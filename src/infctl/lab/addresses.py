"""The lab's address plan: a /16 of 127.0.0.0/8 per lab, the same ports everywhere.

127.L.0.z is shared, 127.L.R.z belongs to region R: .1-.15 are edge addresses (what others use of
the region, and what its own parts use to reach out; a proxy can stand behind them), .16-.31 inner
addresses of servers, .32-.63 nodes, .64-.254 pods. A pod is known to Kubernetes as 239.L.R.z.
"""

from typing import Final

FIRST_LAB: Final = 16
LAST_LAB: Final = 254

API_PORT: Final = 6443
GATEWAY_PORT: Final = 8080
METRICS_PORT: Final = 9090
AGENT_PORT: Final = 10250
CLOUD_PORT: Final = 4566
DNS_PORT: Final = 5353
DNS_ADMIN_PORT: Final = 8053
IDENTITY_PORT: Final = 8443
MOTO_PORT: Final = 5000
ENVOY_ADMIN_PORT: Final = 9901
ETCD_PORT: Final = 2379
ETCD_PEER_PORT: Final = 2380
CONTROLLER_MANAGER_PORT: Final = 10257
SCHEDULER_PORT: Final = 10259

EDGE: Final = {"api": 1, "gateway": 2, "metrics": 3, "agent": 4, "cloud": 5}
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
}
SHARED: Final = {"moto": 2, "cloud": 3, "identity": 7, "dns": 53}
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
