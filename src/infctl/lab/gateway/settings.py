"""A BackendTrafficPolicy of Envoy Gateway as pieces of Envoy's configuration. Pure.

Each field is taken out of a copy of the policy; what is left over is not done here, and said.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from infctl.lab.following import Object
from infctl.lab.gateway import headers, local_limits, texts
from infctl.lab.gateway.durations import envoy_seconds, positive, seconds
from infctl.lab.gateway.objects import Unsupported

DEFAULTS: Object = {
    "connect_timeout": "1s",
    "lb_policy": "LEAST_REQUEST",
    "circuit_breakers": {
        "thresholds": [
            {
                "max_connections": 1024,
                "max_pending_requests": 1024,
                "max_requests": 1024,
                "max_retries": 1024,
            }
        ]
    },
    "outlier_detection": {
        "consecutive_5xx": 5,
        "interval": "10s",
        "base_ejection_time": "30s",
        "max_ejection_percent": 10,
    },
}
"""Of a cluster without a policy; the bounds are Envoy Gateway's, Envoy itself retries 3 at once."""
PREVIOUS_HOSTS: Object = {
    "retry_host_predicate": [
        {
            "name": "envoy.retry_host_predicates.previous_hosts",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.retry.host."
                "previous_hosts.v3.PreviousHostsPredicate"
            },
        }
    ],
    "host_selection_retry_max_attempts": 5,
}
"""A retry goes to another endpoint, where there is one."""
_BALANCERS = {"LeastRequest": "LEAST_REQUEST", "RoundRobin": "ROUND_ROBIN", "Random": "RANDOM"}
_TRIGGERS = {
    *("5xx", "gateway-error", "reset", "reset-before-request", "connect-failure"),
    *("retriable-4xx", "refused-stream", "retriable-status-codes"),
}
_METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"}
_BREAKERS = {
    "maxConnections": "max_connections",
    "maxPendingRequests": "max_pending_requests",
    "maxParallelRequests": "max_requests",
    "maxParallelRetries": "max_retries",
}
_OUTLIERS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "consecutive5XxErrors": ("consecutive_5xx", int),
    "consecutiveGatewayErrors": ("consecutive_gateway_failure", int),
    "consecutiveLocalOriginFailures": ("consecutive_local_origin_failure", int),
    "splitExternalLocalOriginErrors": ("split_external_local_origin_errors", bool),
    "interval": ("interval", positive),
    "baseEjectionTime": ("base_ejection_time", positive),
    "maxEjectionPercent": ("max_ejection_percent", int),
    "failurePercentageThreshold": ("failure_percentage_threshold", int),
    "alwaysEjectOneEndpoint": ("always_eject_one_host", bool),
}


@dataclass(slots=True)
class Settings:
    """Pieces by where they belong: the cluster, its connections, and the routes to it."""

    cluster: Object = field(default_factory=dict)
    connections: Object = field(default_factory=dict)
    retry: Object | None = None
    timeout: str | None = None
    action: Object = field(default_factory=dict)
    extensions: Object = field(default_factory=dict)


def read(spec: Object) -> Settings:
    """A policy's settings; Unsupported names each field that is not done here."""
    texts.check(spec)
    rest = copy.deepcopy(spec)
    made = Settings()
    for name in ("targetRef", "targetRefs"):
        rest.pop(name, None)
    for part in (_timeouts, _balancer, _retries, _breakers, _passive, _active, _limits):
        part(rest, made)
    if left := sorted(_leaves(rest)):
        raise Unsupported(f"not done here: {', '.join(left)}", "Invalid")
    return made


def take(rest: Object, path: str) -> Any:
    """Remove the value at a path and return it; None where there is none."""
    *folders, last = path.split(".")
    for folder in folders:
        rest = rest.get(folder) or {}
    return rest.pop(last, None)


def _timeouts(rest: Object, made: Settings) -> None:
    if connect := take(rest, "timeout.tcp.connectTimeout"):
        made.cluster["connect_timeout"] = positive(connect)
    if request := take(rest, "timeout.http.requestTimeout"):
        made.timeout = envoy_seconds(request)
    options: Object = {}
    if idle := take(rest, "timeout.http.connectionIdleTimeout"):
        options["idle_timeout"] = envoy_seconds(idle)
    if longest := take(rest, "timeout.http.maxConnectionDuration"):
        options["max_connection_duration"] = envoy_seconds(longest)
    if options:
        made.connections["common_http_protocol_options"] = options
    if stream := take(rest, "timeout.http.maxStreamDuration"):
        made.action["max_stream_duration"] = {"max_stream_duration": envoy_seconds(stream)}


def _balancer(rest: Object, made: Settings) -> None:
    kind = take(rest, "loadBalancer.type")
    if kind in _BALANCERS:
        made.cluster["lb_policy"] = _BALANCERS[kind]
        window = None if kind == "Random" else take(rest, "loadBalancer.slowStart.window")
        if window:
            slow = {"slow_start_config": {"slow_start_window": positive(window)}}
            made.cluster[f"{_BALANCERS[kind].lower()}_lb_config"] = slow
    elif kind == "ConsistentHash":
        made.cluster["lb_policy"] = "MAGLEV"
        made.action["hash_policy"] = [_hash(rest)]
    elif kind is not None:
        raise Unsupported(f"not done here: loadBalancer.type {kind}", "Invalid")


def _hash(rest: Object) -> Object:
    how = take(rest, "loadBalancer.consistentHash.type")
    if how == "SourceIP":
        return {"connection_properties": {"source_ip": True}}
    if how == "Header":
        name = take(rest, "loadBalancer.consistentHash.header.name")
        return {"header": {"header_name": headers.checked(name)}}
    raise Unsupported(f"not done here: loadBalancer.consistentHash.type {how}", "Invalid")


def _retries(rest: Object, made: Settings) -> None:
    if "retry" not in rest:
        return
    triggers = take(rest, "retry.retryOn.triggers") or []
    codes = take(rest, "retry.retryOn.httpStatusCodes") or []
    if bad := set(triggers) - _TRIGGERS:
        raise Unsupported(f"not done here: retry.retryOn.triggers {min(bad)}", "Invalid")
    if codes and not triggers:
        triggers = ["retriable-status-codes"]
    count = take(rest, "retry.numRetries")
    made.retry = {
        "retry_on": ",".join(triggers) or "connect-failure,refused-stream,reset-before-request",
        "num_retries": 2 if count is None else int(count),
        **PREVIOUS_HOSTS,
    }
    if codes:
        made.retry["retriable_status_codes"] = [int(code) for code in codes]
    if limit := take(rest, "retry.perRetry.timeout"):
        made.retry["per_try_timeout"] = envoy_seconds(limit)
    pauses = {
        "base_interval": take(rest, "retry.perRetry.backOff.baseInterval"),
        "max_interval": take(rest, "retry.perRetry.backOff.maxInterval"),
    }
    if any(pauses.values()):
        pauses["base_interval"] = pauses["base_interval"] or "25ms"
        given = {name: positive(value) for name, value in pauses.items() if value}
        if "max_interval" in given and seconds(pauses["max_interval"]) < seconds(
            pauses["base_interval"]
        ):
            raise Unsupported("retry.perRetry.backOff: maxInterval below baseInterval", "Invalid")
        made.retry["retry_back_off"] = given


def _breakers(rest: Object, made: Settings) -> None:
    bounds = {
        ours: int(value)
        for theirs, ours in _BREAKERS.items()
        if (value := take(rest, f"circuitBreaker.{theirs}")) is not None
    }
    each = take(rest, "circuitBreaker.perEndpoint.maxConnections")
    if bounds or each is not None:
        made.cluster["circuit_breakers"] = {
            "thresholds": [{**DEFAULTS["circuit_breakers"]["thresholds"][0], **bounds}]
        }
    if each is not None:
        thresholds = [{"max_connections": int(each)}]
        made.cluster["circuit_breakers"]["per_host_thresholds"] = thresholds
    if most := take(rest, "circuitBreaker.maxRequestsPerConnection"):
        options = made.connections.setdefault("common_http_protocol_options", {})
        options["max_requests_per_connection"] = int(most)


def _passive(rest: Object, made: Settings) -> None:
    given = {
        ours: convert(value)
        for theirs, (ours, convert) in _OUTLIERS.items()
        if (value := take(rest, f"healthCheck.passive.{theirs}")) is not None
    }
    if given:
        made.cluster["outlier_detection"] = {**DEFAULTS["outlier_detection"], **given}
    if (panic := take(rest, "healthCheck.panicThreshold")) is not None:
        made.cluster["common_lb_config"] = {"healthy_panic_threshold": {"value": int(panic)}}


def _active(rest: Object, made: Settings) -> None:
    kind = take(rest, "healthCheck.active.type")
    if kind is None:
        return
    check: Object = {
        "timeout": positive(take(rest, "healthCheck.active.timeout") or "1s"),
        "interval": positive(take(rest, "healthCheck.active.interval") or "3s"),
        "unhealthy_threshold": take(rest, "healthCheck.active.unhealthyThreshold") or 3,
        "healthy_threshold": take(rest, "healthCheck.active.healthyThreshold") or 1,
    }
    # Without requests Envoy would ask only once a minute.
    check["no_traffic_interval"] = check["interval"]
    if kind == "TCP":
        check["tcp_health_check"] = {}
    elif kind == "HTTP":
        check["http_health_check"] = _http_check(rest)
    else:
        raise Unsupported(f"not done here: healthCheck.active.type {kind}", "Invalid")
    made.cluster["health_checks"] = [check]


def _http_check(rest: Object) -> Object:
    made: Object = {"path": take(rest, "healthCheck.active.http.path")}
    if host := take(rest, "healthCheck.active.http.hostname"):
        made["host"] = host
    if method := take(rest, "healthCheck.active.http.method"):
        if method not in _METHODS:
            raise Unsupported(f"not done here: health checks by {method}", "Invalid")
        made["method"] = method
    if codes := take(rest, "healthCheck.active.http.expectedStatuses"):
        made["expected_statuses"] = [{"start": int(c), "end": int(c) + 1} for c in codes]
    return made


def _limits(rest: Object, made: Settings) -> None:
    if "rateLimit" in rest:
        if (kind := take(rest, "rateLimit.type")) != "Local":
            raise Unsupported(f"not done here: rateLimit.type {kind}", "Invalid")
        rules = take(rest, "rateLimit.local.rules")
        made.extensions[local_limits.RATE_NAME] = local_limits.rate_limit(rules)
    if fault := take(rest, "faultInjection"):
        made.extensions[local_limits.FAULT_NAME] = local_limits.fault(fault)


def _leaves(rest: Object, above: str = "") -> Iterator[str]:
    """The paths of everything that was not taken."""
    for name, value in rest.items():
        path = f"{above}.{name}" if above else name
        if isinstance(value, dict):
            yield from _leaves(value, path)
        else:
            yield path
