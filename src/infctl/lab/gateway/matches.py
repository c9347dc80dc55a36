"""Matches of HTTPRoutes as Envoy's. Pure."""

import re2  # type: ignore[import-untyped]

from infctl.lab.following import Object
from infctl.lab.gateway import cors
from infctl.lab.gateway.objects import Unsupported

_LONGEST_PATTERN = 1024
_SILENT = re2.Options()
_SILENT.log_errors = False


def make_match(match: Object) -> Object:
    """Envoy's match; Unsupported where a pattern is not one that Envoy can read."""
    made = _path(match.get("path") or {})
    headers = [_named(h) for h in _first_of_each(match.get("headers") or [])]
    if "method" in match:
        headers.append(_exact(":method", match["method"]))
    if headers:
        made["headers"] = headers
    if queries := match.get("queryParams"):
        made["query_parameters"] = [_named(q) for q in queries]
    return made


def make_question(match: Object) -> Object | None:
    """The match of the browser's question before a request that `match` takes, if it differs."""
    asked = cors.question(match)
    if asked is None:
        return None
    return {
        **make_match({k: v for k, v in match.items() if k not in ("method", "headers")}),
        **asked,
    }


def precedence(route: Object) -> tuple[int, int, int, int, int]:
    """Gateway API's order of Envoy's routes.

    Exact paths, then patterns, then longer prefixes; then method, more headers, more queries.
    """
    match = route["match"]
    rank, length = _rank(match)
    headers = [h for h in match.get("headers", []) if h["name"] != ":method"]
    has_method = len(headers) != len(match.get("headers", []))
    queries = match.get("query_parameters", [])
    return rank, -length, 0 if has_method else 1, -len(headers), -len(queries)


def prefix_of(match: Object) -> str | None:
    """The prefix that a match asks for, without the slash at its end; None for other paths."""
    path = match.get("path") or {}
    if path.get("type", "PathPrefix") != "PathPrefix":
        return None
    return str(path.get("value", "/")).rstrip("/")


def safe_pattern(pattern: str) -> str:
    """A pattern that Envoy takes: it refuses all routes with one that RE2 cannot read."""
    try:
        if len(pattern) > _LONGEST_PATTERN:
            raise Unsupported(f"the pattern is longer than {_LONGEST_PATTERN} characters")
        re2.compile(pattern, _SILENT)
    except re2.error as error:
        said = error.args[0].decode(errors="replace")
        raise Unsupported(f"not a pattern of RE2: {pattern[:80]!r} ({said})") from None
    return pattern


def _rank(match: Object) -> tuple[int, int]:
    if "path" in match:
        return 0, len(match["path"])
    if "safe_regex" in match:
        return 1, len(match["safe_regex"]["regex"])
    return 2, len(match.get("path_separated_prefix") or match["prefix"])


def _path(path: Object) -> Object:
    kind, value = path.get("type", "PathPrefix"), path.get("value", "/")
    if kind == "Exact":
        return {"path": value}
    if kind == "RegularExpression":
        return {"safe_regex": {"regex": safe_pattern(value)}}
    if kind != "PathPrefix":
        raise Unsupported(f"paths of type {kind} are not served here")
    prefix = value.rstrip("/")
    return {"path_separated_prefix": prefix} if prefix else {"prefix": "/"}


def _first_of_each(headers: list[Object]) -> list[Object]:
    """Of headers with the same name, in any case, only the first counts."""
    return list({h["name"].lower(): h for h in reversed(headers)}.values())[::-1]


def _named(item: Object) -> Object:
    if item.get("type", "Exact") == "Exact":
        return _exact(item["name"], item["value"])
    if item["type"] != "RegularExpression":
        raise Unsupported(f"matches of type {item['type']} are not served here")
    pattern = {"safe_regex": {"regex": safe_pattern(item["value"])}}
    return {"name": item["name"], "string_match": pattern}


def _exact(name: str, value: str) -> Object:
    return {"name": name, "string_match": {"exact": value}}
