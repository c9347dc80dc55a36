"""Header modifiers as Envoy's. Pure."""

import re

from infctl.lab.following import Object
from infctl.lab.gateway.objects import Unsupported

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}")
_FORBIDDEN = {"host", "content-length", "transfer-encoding", "connection"}


def modify(modifier: Object, side: str) -> Object:
    """Fields of a route or of a weighted cluster; `side` is `request` or `response`."""
    added = [_option(h, "OVERWRITE_IF_EXISTS_OR_ADD") for h in modifier.get("set") or []]
    added += [_option(h, "APPEND_IF_EXISTS_OR_ADD") for h in modifier.get("add") or []]
    removed = [checked(name) for name in modifier.get("remove") or []]
    made: Object = {f"{side}_headers_to_add": added, f"{side}_headers_to_remove": removed}
    return {field: value for field, value in made.items() if value}


def _option(header: Object, action: str) -> Object:
    # Envoy reads a percent sign as the start of a variable.
    value = str(header["value"]).replace("%", "%%")
    option = {"header": {"key": checked(header["name"]), "value": value}}
    return {**option, "append_action": action, "keep_empty_value": True}


def checked(name: str) -> str:
    """A header that may be changed: Envoy refuses all routes of a listener with another one."""
    if not _TOKEN.fullmatch(name):
        raise Unsupported(f"{name[:40]!r} is no name of a header")
    if name.lower() in _FORBIDDEN:
        raise Unsupported(f"the header {name} cannot be changed here")
    return name
