"""The region's front door: Gateway, HTTPRoute and Envoy Gateway's traffic policy."""

from infctl.platform.model import Platform
from infctl.platform.render.naming import Object, build, stable
from infctl.platform.render.server import HTTP_PORT
from infctl.platform.units import format_duration

GROUP = "gateway.networking.k8s.io"
LISTENER = "http"
PREFIX = "/v2/"


def render_gateway(platform: Platform) -> Object:
    """One listener for the endpoint's port; only routes of our own namespace may use it."""
    return build(
        platform,
        f"{GROUP}/v1",
        "Gateway",
        platform.service.name,
        spec={
            "gatewayClassName": platform.traffic.gateway_class,
            "listeners": [
                {
                    "name": LISTENER,
                    "port": platform.service.port,
                    "protocol": "HTTP",
                    "allowedRoutes": {"namespaces": {"from": "Same"}},
                }
            ],
        },
    )


def render_route(platform: Platform) -> Object:
    """The inference protocol's paths to the stable track, each request with a deadline."""
    return build(
        platform,
        f"{GROUP}/v1",
        "HTTPRoute",
        platform.service.name,
        spec={
            "parentRefs": [
                {
                    "group": GROUP,
                    "kind": "Gateway",
                    "name": platform.service.name,
                    "sectionName": LISTENER,
                }
            ],
            "hostnames": [platform.service.host],
            "rules": [
                {
                    "matches": [{"path": {"type": "PathPrefix", "value": PREFIX}}],
                    "backendRefs": [
                        {
                            "group": "",
                            "kind": "Service",
                            "name": stable(platform),
                            "port": HTTP_PORT,
                            "weight": 1,
                        }
                    ],
                    "timeouts": {"request": format_duration(platform.traffic.timeout)},
                }
            ],
        },
    )


def render_traffic_policy(platform: Platform) -> Object:
    """Retries, breakers and outlier detection, as Envoy Gateway reads them."""
    traffic = platform.traffic
    target = {"group": GROUP, "kind": "HTTPRoute", "name": platform.service.name}
    return build(
        platform,
        "gateway.envoyproxy.io/v1alpha1",
        "BackendTrafficPolicy",
        platform.service.name,
        spec={
            "targetRefs": [target],
            "loadBalancer": {"type": "LeastRequest"},
            "timeout": {
                "tcp": {"connectTimeout": "1s"},
                "http": {"requestTimeout": format_duration(traffic.timeout)},
            },
            "retry": _retry(platform),
            "circuitBreaker": {
                "maxConnections": traffic.breaker.max_connections,
                "maxPendingRequests": traffic.breaker.max_pending,
                "maxParallelRequests": traffic.breaker.max_parallel,
            },
            "healthCheck": {"passive": _outliers(platform)},
        },
    )


def _retry(platform: Platform) -> Object:
    retries = platform.traffic.retries
    return {
        "numRetries": retries.attempts,
        "perRetry": {"timeout": format_duration(retries.per_try_timeout)},
        "retryOn": {
            "triggers": ["connect-failure", "retriable-status-codes"],
            "httpStatusCodes": [503],
        },
    }


def _outliers(platform: Platform) -> Object:
    breaker = platform.traffic.breaker
    return {
        "consecutive5XxErrors": breaker.consecutive_errors,
        "interval": "10s",
        "baseEjectionTime": format_duration(breaker.eject_for),
        "maxEjectionPercent": round(breaker.max_ejected * 100),
    }
