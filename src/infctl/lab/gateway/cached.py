"""The way of a request that asks for the response cache: a route, and a cluster behind it. Pure."""

from infctl.lab import addresses
from infctl.lab.gateway.objects import Object, Place
from infctl.lab.spec import Lab, Region

HEADER = "x-infctl-cache"
ASKED = "use"
CLUSTER = "response_cache"
PATIENCE = 5.0
"""Seconds for each of two tries; slower models are not for the cache."""
_PRIORITIES = "envoy.retry_priorities.previous_priorities"
_PRIORITIES_TYPE = (
    "type.googleapis.com/envoy.extensions.retry.priority"
    ".previous_priorities.v3.PreviousPrioritiesConfig"
)


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
            "timeout": f"{2 * PATIENCE:g}s",
            "retry_policy": {
                # Who asks for the cache says that a question may be asked twice.
                "retry_on": "connect-failure,refused-stream,reset",
                "num_retries": 1,
                # A frozen nginx still takes connections: who waits on one is sent on.
                "per_try_timeout": f"{PATIENCE:g}s",
                "retry_priority": {
                    "name": _PRIORITIES,
                    "typed_config": {"@type": _PRIORITIES_TYPE, "update_frequency": 1},
                },
            },
        },
    }


def make_cluster(lab: Lab, region: Region, place: Place) -> Object:
    """nginx, and the gateway's own listener for when nginx does not answer."""
    nginx = _endpoint(lab.inner(region, "cache"), addresses.CACHE_PORT)
    gateway = _endpoint(place.bound, addresses.GATEWAY_PORT)
    gateway["health_check_config"] = {"disable_active_health_check": True}
    return {
        "name": CLUSTER,
        "type": "STATIC",
        "connect_timeout": "0.5s",
        "load_assignment": {
            "cluster_name": CLUSTER,
            "endpoints": [
                {"priority": priority, "lb_endpoints": [{"endpoint": endpoint}]}
                for priority, endpoint in enumerate((nginx, gateway))
            ],
        },
        "health_checks": [
            {
                "timeout": "1s",
                "interval": "2s",
                "no_traffic_interval": "2s",
                "unhealthy_threshold": 1,
                "healthy_threshold": 1,
                "http_health_check": {"path": "/ready"},
            }
        ],
    }


def _endpoint(address: str, port: int) -> Object:
    return {"address": {"socket_address": {"address": address, "port_value": port}}}
