"""Rewritten paths and redirects as Envoy's. Pure."""

import re2  # type: ignore[import-untyped]

from infctl.lab.following import Object
from infctl.lab.gateway.objects import Unsupported

_STATUS = {
    301: "MOVED_PERMANENTLY",
    302: "FOUND",
    303: "SEE_OTHER",
    307: "TEMPORARY_REDIRECT",
    308: "PERMANENT_REDIRECT",
}
_PORTS = {"http": 80, "https": 443}


def rewrite(spec: Object, prefix: str | None) -> Object:
    """Fields of a route action; `prefix` is the matched one, None where no prefix is matched."""
    made: Object = {}
    if spec.get("hostname"):
        made["host_rewrite_literal"] = spec["hostname"]
    if spec.get("path"):
        made.update(_new_path(spec["path"], prefix, "regex_rewrite"))
    return made


def redirect(spec: Object, prefix: str | None, *, scheme: str, port: int) -> Object:
    """Envoy's redirect; scheme and port are those of the listener that the request came to."""
    code = int(spec.get("statusCode", 302))
    if code not in _STATUS:
        raise Unsupported(f"redirects with status {code} are not served here")
    made: Object = {"response_code": _STATUS[code]}
    if spec.get("hostname"):
        made["host_redirect"] = spec["hostname"]
    wanted = spec.get("scheme")
    if wanted:
        made["scheme_redirect"] = wanted
    target = int(spec.get("port") or (_PORTS[wanted] if wanted else port))
    # A host that is kept may bring another port along, which only a port replaces.
    if target != _PORTS[wanted or scheme] or not spec.get("hostname"):
        made["port_redirect"] = target
    if spec.get("path"):
        made.update(_new_path(spec["path"], prefix, "path_redirect"))
    return made


def _new_path(path: Object, prefix: str | None, whole: str) -> Object:
    if path["type"] == "ReplaceFullPath":
        value = path["replaceFullPath"]
        return {whole: value} if whole == "path_redirect" else _by_pattern("^/.*$", value)
    if path["type"] != "ReplacePrefixMatch":
        raise Unsupported(f"paths cannot be changed by {path['type']} here")
    if prefix is None:
        raise Unsupported("ReplacePrefixMatch needs a match of a prefix")
    value = path["replacePrefixMatch"].rstrip("/")
    if prefix and value:
        return {"prefix_rewrite": value}
    # Envoy replaces letters, Gateway API parts between slashes: `//x` and `/newx` would come out.
    return _by_pattern(f"^{re2.escape(prefix)}/*", f"{value}/")


def _by_pattern(pattern: str, value: str) -> Object:
    substitution = value.replace("\\", "\\\\")
    return {"regex_rewrite": {"pattern": {"regex": pattern}, "substitution": substitution}}
