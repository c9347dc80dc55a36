"""CORS filters as Envoy's. Pure."""

import re2  # type: ignore[import-untyped]

from infctl.lab.following import Object
from infctl.lab.gateway.objects import Unsupported

NAME = "envoy.filters.http.cors"
_TYPE = "type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy"
_QUESTION = "access-control-request-method"


def policy(spec: Object) -> Object:
    """The policy of one route: Envoy answers questions before a request, and marks answers.

    To `*` it answers with what was asked for.
    """
    made: Object = {
        "@type": _TYPE,
        "allow_origin_string_match": [_origin(o) for o in spec.get("allowOrigins") or []],
        "allow_credentials": bool(spec.get("allowCredentials")),
        "max_age": str(int(spec.get("maxAge", 5))),
        "forward_not_matching_preflights": False,
        "allow_methods": _list(spec, "allowMethods"),
        "allow_headers": _list(spec, "allowHeaders"),
        "expose_headers": _list(spec, "exposeHeaders"),
    }
    if made["allow_credentials"] and "*" in made["expose_headers"]:
        raise Unsupported("CORS: exposeHeaders `*` together with credentials is not served here")
    return {field: value for field, value in made.items() if value not in ("", [])}


def question(match: Object) -> Object | None:
    """How the browser's question before a request differs from the request; None if not at all.

    It comes with the method OPTIONS and without the headers that the request will have.
    """
    if match.get("method", "OPTIONS") == "OPTIONS" and not match.get("headers"):
        return None
    asked: Object = {"name": _QUESTION, "present_match": True}
    if "method" in match:
        asked = {"name": _QUESTION, "string_match": {"exact": match["method"]}}
    return {"headers": [{"name": ":method", "string_match": {"exact": "OPTIONS"}}, asked]}


def _list(spec: Object, field: str) -> str:
    names = spec.get(field) or []
    return "*" if "*" in names else ", ".join(names)


def _origin(origin: str) -> Object:
    if "*" not in origin:
        return {"exact": origin}
    parts = (re2.escape(part) for part in origin.split("*"))
    return {"safe_regex": {"regex": ".*".join(parts)}}
