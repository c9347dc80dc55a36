"""What Envoy does with each HTTP connection: filters in their order, and the access log. Pure."""

from infctl.lab.following import Object
from infctl.lab.gateway import cors, local_limits
from infctl.lab.gateway.objects import Place

_EXTENSIONS = "type.googleapis.com/envoy.extensions"
_FILTERS = f"{_EXTENSIONS}.filters"
STAT_PREFIX = "ingress"
MODEL_VERSION = "X-INFCTL-MODEL-VERSION"
"""The header by which a model server says which version answered."""
ACCESS_LOG: dict[str, str] = {
    "start_time": "%START_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)%",
    "duration_ms": "%DURATION%",
    "status": "%RESPONSE_CODE%",
    "method": "%REQ(:METHOD)%",
    "path": "%REQ(:PATH)%",
    "host": "%REQ(:AUTHORITY)%",
    "route": "%ROUTE_NAME%",
    "model_version": f"%RESP({MODEL_VERSION})%",
    "request_id": "%REQ(X-REQUEST-ID)%",
    "client": "%REQ(X-INFCTL-CLIENT)%",
    "upstream": "%UPSTREAM_HOST%",
    "cluster": "%UPSTREAM_CLUSTER%",
    "attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
    "flags": "%RESPONSE_FLAGS%",
}


def make_manager(table: str, place: Place, routes_source: Object) -> Object:
    """The network filter; its routes come by file under the name `table`."""
    return {
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": {
            "@type": f"{_FILTERS}.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": STAT_PREFIX,
            "rds": {"route_config_name": table, "config_source": routes_source},
            "use_remote_address": True,
            "preserve_external_request_id": True,
            "normalize_path": True,
            "drain_timeout": "1s",
            "upgrade_configs": [{"upgrade_type": "websocket"}],
            "access_log": [_access_log(place)],
            **({"tracing": place.tracing} if place.tracing else {}),
            "http_filters": _http_filters(),
        },
    }


def _http_filters() -> list[Object]:
    """All of them at all times: another list would make Envoy replace the listener."""
    limit = f"{_FILTERS}.http.local_ratelimit.v3.LocalRateLimit"
    return [
        {"name": cors.NAME, "typed_config": {"@type": f"{_FILTERS}.http.cors.v3.Cors"}},
        {
            "name": local_limits.FAULT_NAME,
            "typed_config": {"@type": f"{_FILTERS}.http.fault.v3.HTTPFault"},
        },
        {
            "name": local_limits.RATE_NAME,
            "typed_config": {"@type": limit, "stat_prefix": "http_local_rate_limiter"},
        },
        {
            "name": "envoy.filters.http.router",
            "typed_config": {"@type": f"{_FILTERS}.http.router.v3.Router"},
        },
    ]


def _access_log(place: Place) -> Object:
    fields = {**ACCESS_LOG, "region": place.region.replace("%", "%%")}
    return {
        "name": "envoy.access_loggers.file",
        "typed_config": {
            "@type": f"{_EXTENSIONS}.access_loggers.file.v3.FileAccessLog",
            "path": place.access_log,
            "log_format": {"json_format": fields},
        },
    }
