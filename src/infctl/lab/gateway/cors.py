"""CORS filters as Envoy's. Pure."""

import re2  # type: ignore[import-untyped]

from infctl.lab.gateway.objects import Object, Unsupported

NAME = "envoy.filters.http.cors"
_TYPE = "type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy"
_METHODS = "GET, HEAD, POST, PUT, DELETE, CONNECT, OPTIONS, TRACE, PATCH"


def policy(spec: Object) -> Object:
    """The policy of one route."""
    credentials = bool(spec.get("allowCredentials"))
    made: Object = {
        "@type": _TYPE,
        "allow_origin_string_match": [_origin(o) for o in spec.get("allowOrigins") or []],
        "allow_credentials": credentials,
        "max_age": str(spec.get("maxAge", 5)),
        "forward_not_matching_preflights": False,
    }
    methods = spec.get("allowMethods") or []
    made["allow_methods"] = _METHODS if "*" in methods else ", ".join(methods)
    for field, target in (("allowHeaders", "allow_headers"), ("exposeHeaders", "expose_headers")):
        names = spec.get(field) or []
        if "*" in names and credentials:
            raise Unsupported(f"CORS: {field} `*` together with credentials is not served here")
        made[target] = ", ".join(names)
    return {field: value for field, value in made.items() if value not in ("", [])}


def _origin(origin: str) -> Object:
    if "*" not in origin:
        return {"exact": origin}
    parts = (re2.escape(part) for part in origin.split("*"))
    return {"safe_regex": {"regex": ".*".join(parts)}}
