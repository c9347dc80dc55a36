"""Rate limits and injected faults of one route, as Envoy's filters take them. Pure."""

from typing import Any

from infctl.lab.following import Object
from infctl.lab.gateway.durations import positive
from infctl.lab.gateway.objects import Unsupported

RATE_NAME = "envoy.filters.http.local_ratelimit"
FAULT_NAME = "envoy.filters.http.fault"
_FILTERS = "type.googleapis.com/envoy.extensions.filters.http"
_UNITS = {"Second": 1, "Minute": 60, "Hour": 3600, "Day": 86400}
_STATUSES = range(200, 600)
_WHOLE = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}


def rate_limit(rules: Any) -> Object:
    """One bucket for all requests of the route; its rest is refused with 429."""
    if not isinstance(rules, list) or len(rules) != 1 or set(rules[0]) != {"limit"}:
        raise Unsupported("a local rate limit is one rule for all clients here", "Invalid")
    limit = rules[0]["limit"]
    requests, unit = int(limit["requests"]), limit["unit"]
    if unit not in _UNITS or set(limit) != {"requests", "unit"}:
        raise Unsupported(f"not done here: a rate limit per {unit}", "Invalid")
    if requests < 1:
        raise Unsupported("a rate limit of no requests at all", "Invalid")
    return {
        "@type": f"{_FILTERS}.local_ratelimit.v3.LocalRateLimit",
        "stat_prefix": "http_local_rate_limiter",
        "token_bucket": {
            "max_tokens": requests,
            "tokens_per_fill": requests,
            "fill_interval": f"{_UNITS[unit]}s",
        },
        "filter_enabled": _WHOLE,
        "filter_enforced": _WHOLE,
    }


def fault(spec: Object) -> Object:
    """Delays and answers made up by the gateway, for a percentage of the requests."""
    made: Object = {"@type": f"{_FILTERS}.fault.v3.HTTPFault"}
    if bad := set(spec) - {"delay", "abort"}:
        raise Unsupported(f"not done here: faultInjection.{min(bad)}", "Invalid")
    if delay := spec.get("delay"):
        fixed = positive(delay["fixedDelay"])
        made["delay"] = {"fixed_delay": fixed, "percentage": _share(delay)}
    if abort := spec.get("abort"):
        if "httpStatus" not in abort:
            raise Unsupported("not done here: faultInjection.abort.grpcStatus", "Invalid")
        if (status := int(abort["httpStatus"])) not in _STATUSES:
            raise Unsupported(f"a fault cannot answer {status}", "Invalid")
        made["abort"] = {"http_status": status, "percentage": _share(abort)}
    return made


def _share(spec: Object) -> Object:
    share = float(spec.get("percentage", 100))
    if not 0 <= share <= 100:
        raise Unsupported(f"{share} is not a percentage", "Invalid")
    return {"numerator": round(share * 10_000), "denominator": "MILLION"}
