"""The way of a request that asks for the response cache: a route, and a cluster behind it. Pure."""

import copy

from infctl.lab import addresses
from infctl.lab.following import Object
from infctl.lab.gateway.objects import Place
from infctl.lab.spec import Lab, Region

HEADER = "x-infctl-cache"
ASKED = "use"
CLUSTER = "response_cache"
ORIGIN = "origin"
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


def with_origin(listeners: list[Object], place: Place) -> list[Object]:
    """The listeners, and one behind the cache that serves what the one on the gateway's port does.

    It counts and logs for itself, so that a question is one request of the gateway's, not two.
    """
    if not place.first_routes:
        return listeners
    found = [item for item in listeners if item["name"] == f"http-{addresses.GATEWAY_PORT}"]
    return listeners + [_behind(copy.deepcopy(item)) for item in found]


def _behind(listener: Object) -> Object:
    listener["name"] = ORIGIN
    listener["address"]["socket_address"]["port_value"] = addresses.ORIGIN_PORT
    for chain in listener["filter_chains"]:
        for item in chain["filters"]:
            item["typed_config"]["stat_prefix"] = ORIGIN
            item["typed_config"].pop("access_log", None)
    return listener


def make_cluster(lab: Lab, region: Region, place: Place) -> Object:
    """nginx, and what is behind it for when nginx does not answer."""
    nginx = _endpoint(lab.inner(region, "cache"), addresses.CACHE_PORT)
    origin = _endpoint(place.bound, addresses.ORIGIN_PORT)
    origin["health_check_config"] = {"disable_active_health_check": True}
    return {
        "name": CLUSTER,
        "type": "STATIC",
        "connect_timeout": "0.5s",
        "load_assignment": {
            "cluster_name": CLUSTER,
            "endpoints": [
                {"priority": priority, "lb_endpoints": [{"endpoint": endpoint}]}
                for priority, endpoint in enumerate((nginx, origin))
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
