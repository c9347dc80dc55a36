"""Rules of HTTPRoutes as Envoy's routes. Pure."""

import re
from dataclasses import dataclass

from infctl.lab.gateway.backends import Backend, cluster_name, resolve
from infctl.lab.gateway.objects import Key, Object, Unsupported

MISSING = "unresolved"
_DURATION = re.compile(r"(?:\d{1,5}(?:h|ms|m|s)){1,4}")
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
# Only what never reached a model is sent again, so that no inference runs twice.
_RETRY = {
    "retry_on": "connect-failure,refused-stream,reset-before-request",
    "num_retries": 1,
    "retry_host_predicate": [
        {
            "name": "envoy.retry_host_predicates.previous_hosts",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.retry.host."
                "previous_hosts.v3.PreviousHostsPredicate"
            },
        }
    ],
    "host_selection_retry_max_attempts": 3,
}


@dataclass(frozen=True, slots=True)
class Ruled:
    """Routes of one HTTPRoute, the backends they need, and what could not be resolved."""

    routes: tuple[Object, ...]
    backends: frozenset[Backend]
    unresolved: tuple[Unsupported, ...]


def rule_routes(route: Object, services: dict[Key, Object]) -> Ruled:
    """All routes of an HTTPRoute; Unsupported where a rule asks for what is not done here."""
    namespace = route["metadata"]["namespace"]
    routes: list[Object] = []
    backends: set[Backend] = set()
    unresolved: list[Unsupported] = []
    for rule in route["spec"].get("rules") or []:
        if rule.get("filters"):
            raise Unsupported(f"filter {rule['filters'][0]['type']} is not served here")
        action, used, missing = _action(rule, namespace, services)
        backends |= used
        unresolved += missing
        routes += [{"match": _match(m), **action} for m in rule.get("matches") or [{}]]
    return Ruled(tuple(routes), frozenset(backends), tuple(unresolved))


def precedence(route: Object) -> tuple[int, int, int, int]:
    """Gateway API's order: exact paths, then longer prefixes, then method, then more headers."""
    match = route["match"]
    path = match.get("path") or match.get("path_separated_prefix") or match.get("prefix", "")
    headers = [h for h in match.get("headers", []) if h["name"] != ":method"]
    has_method = len(headers) != len(match.get("headers", []))
    return (0 if "path" in match else 1, -len(path), 0 if has_method else 1, -len(headers))


def seconds(text: str) -> float:
    """A Gateway API duration (GEP-2257) in seconds."""
    if not _DURATION.fullmatch(text):
        raise Unsupported(f"not a duration: {text[:40]!r}")
    return sum(int(n) * _UNITS[u] for n, u in re.findall(r"(\d+)(h|ms|m|s)", text))


def _action(
    rule: Object, namespace: str, services: dict[Key, Object]
) -> tuple[Object, set[Backend], list[Unsupported]]:
    weights: list[Object] = []
    used: set[Backend] = set()
    missing: list[Unsupported] = []
    for reference in rule.get("backendRefs") or []:
        weight = int(reference.get("weight", 1))
        try:
            if reference.get("filters"):
                raise Unsupported("filters of backends are not served here")
            backend = resolve(reference, namespace, services)
        except Unsupported as problem:
            missing.append(problem)
            weights.append({"name": MISSING, "weight": weight})
        else:
            used.add(backend)
            weights.append({"name": cluster_name(backend), "weight": weight})
    if not sum(w["weight"] for w in weights):
        return {"direct_response": {"status": 500}}, used, missing
    return {"route": _forward(weights, rule.get("timeouts") or {})}, used, missing


def _forward(weights: list[Object], timeouts: Object) -> Object:
    made: Object = {
        "weighted_clusters": {"clusters": weights},
        "cluster_not_found_response_code": "INTERNAL_SERVER_ERROR",
        "retry_policy": dict(_RETRY),
    }
    if "request" in timeouts:
        made["timeout"] = f"{seconds(timeouts['request']):g}s"
    if "backendRequest" in timeouts:
        made["retry_policy"]["per_try_timeout"] = f"{seconds(timeouts['backendRequest']):g}s"
    return made


def _match(match: Object) -> Object:
    if match.get("queryParams"):
        raise Unsupported("matches on query parameters are not served here")
    made = _path(match.get("path") or {})
    headers = [_header(h) for h in match.get("headers") or []]
    if "method" in match:
        headers.append(_exact(":method", match["method"]))
    if headers:
        made["headers"] = headers
    return made


def _path(path: Object) -> Object:
    kind, value = path.get("type", "PathPrefix"), path.get("value", "/")
    if kind == "Exact":
        return {"path": value}
    if kind != "PathPrefix":
        raise Unsupported(f"paths of type {kind} are not served here")
    prefix = value.rstrip("/")
    return {"path_separated_prefix": prefix} if prefix else {"prefix": "/"}


def _header(header: Object) -> Object:
    if header.get("type", "Exact") != "Exact":
        raise Unsupported(f"header matches of type {header['type']} are not served here")
    return _exact(header["name"], header["value"])


def _exact(name: str, value: str) -> Object:
    return {"name": name, "string_match": {"exact": value}}
