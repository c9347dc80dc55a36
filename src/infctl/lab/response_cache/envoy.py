"""What the gateway has to know of the cache: a route for who asks, and a cluster. Pure."""

from infctl.lab import addresses
from infctl.lab.response_cache.versions import Object
from infctl.lab.spec import Lab, Region

HEADER = "x-infctl-cache"
ASKED = "use"
CLUSTER = "response_cache"


def make_route() -> Object:
    """Comes before all others of a host; without the header it matches nothing."""
    return {
        "match": {
            "prefix": "/v2/models/",
            "headers": [
                {"name": ":method", "string_match": {"exact": "POST"}},
                {"name": HEADER, "string_match": {"exact": ASKED}},
            ],
        },
        # What comes back from the cache is a request like any other.
        "request_headers_to_remove": [HEADER],
        "route": {
            "cluster": CLUSTER,
            "timeout": "60s",
            "retry_policy": {
                "retry_on": "connect-failure,reset-before-request",
                "num_retries": 1,
                "retry_priority": {
                    "name": "envoy.retry_priorities.previous_priorities",
                    "typed_config": {
                        "@type": "type.googleapis.com/envoy.extensions.retry.priority."
                        "previous_priorities.v3.PreviousPrioritiesConfig",
                        "update_frequency": 1,
                    },
                },
            },
        },
    }


def make_cluster(lab: Lab, region: Region) -> Object:
    """nginx, and the gateway itself for when nginx is not there."""
    nginx = (lab.inner(region, "cache"), addresses.CACHE_PORT)
    gateway = (lab.inner(region, "gateway"), addresses.GATEWAY_PORT)
    return {
        "name": CLUSTER,
        "type": "STATIC",
        "connect_timeout": "0.5s",
        "load_assignment": {
            "cluster_name": CLUSTER,
            "endpoints": [_endpoints(*nginx, 0), _endpoints(*gateway, 1)],
        },
        "health_checks": [
            {
                "timeout": "1s",
                "interval": "2s",
                "unhealthy_threshold": 2,
                "healthy_threshold": 1,
                "tcp_health_check": {},
            }
        ],
    }


def _endpoints(address: str, port: int, priority: int) -> Object:
    socket = {"socket_address": {"address": address, "port_value": port}}
    return {"priority": priority, "lb_endpoints": [{"endpoint": {"address": socket}}]}
