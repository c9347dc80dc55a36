"""Envoy's listeners and route configurations. Pure."""

from typing import Any

from infctl.lab.gateway.objects import Object, Place
from infctl.lab.gateway.rules import precedence

LISTENER_TYPE = "type.googleapis.com/envoy.config.listener.v3.Listener"
ROUTES_TYPE = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
_EXTENSIONS = "type.googleapis.com/envoy.extensions"
STAT_PREFIX = "ingress"
REGION_HEADER = "x-infctl-region"
ACCESS_LOG: dict[str, str] = {
    "start_time": "%START_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)%",
    "duration_ms": "%DURATION%",
    "status": "%RESPONSE_CODE%",
    "method": "%REQ(:METHOD)%",
    "path": "%REQ(:PATH)%",
    "request_id": "%REQ(X-REQUEST-ID)%",
    "client": "%REQ(X-INFCTL-CLIENT)%",
    "upstream": "%UPSTREAM_HOST%",
    "flags": "%RESPONSE_FLAGS%",
}


def make_listener(port: int, place: Place, routes_source: Object) -> Object:
    """One address and port; its routes come by file under the same name."""
    manager = {
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": _connection_manager(port, place, routes_source),
    }
    return {
        "@type": LISTENER_TYPE,
        "name": _name(port),
        "address": {"socket_address": {"address": place.address, "port_value": port}},
        "filter_chains": [{"filters": [manager]}],
    }


def make_routes(port: int, hosts: dict[str, list[Object]], region: str) -> Object:
    """One virtual host for each hostname; every answer of a route names the region."""
    return {
        "@type": ROUTES_TYPE,
        "name": _name(port),
        "ignore_port_in_host_matching": True,
        "virtual_hosts": [
            {"name": host, "domains": [host], "routes": sorted(routes, key=precedence)}
            for host, routes in sorted(hosts.items())
        ],
        "response_headers_to_add": [
            {
                "header": {"key": REGION_HEADER, "value": region},
                "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
            }
        ],
    }


def _name(port: int) -> str:
    return f"http-{port}"


def _connection_manager(port: int, place: Place, routes_source: Object) -> Object:
    filters = f"{_EXTENSIONS}.filters"
    return {
        "@type": f"{filters}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": STAT_PREFIX,
        "rds": {"route_config_name": _name(port), "config_source": routes_source},
        "use_remote_address": True,
        "preserve_external_request_id": True,
        "normalize_path": True,
        "drain_timeout": "1s",
        "access_log": [_access_log(place)],
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{filters}.http.router.v3.Router"},
            }
        ],
    }


def _access_log(place: Place) -> Object:
    fields: dict[str, Any] = {**ACCESS_LOG, "region": place.region.replace("%", "%%")}
    return {
        "name": "envoy.access_loggers.file",
        "typed_config": {
            "@type": f"{_EXTENSIONS}.access_loggers.file.v3.FileAccessLog",
            "path": place.access_log,
            "log_format": {"json_format": fields},
        },
    }
