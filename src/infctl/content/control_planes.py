"""Which calls of a cloud need a control plane, from a list in data with its sources.

A recovery plan uses data planes alone, so a call that the list does not know fails as well.
"""

import fnmatch
import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from infctl.model.text import clean

_LIST = "control_planes.json"


@cache
def services() -> Mapping[str, Any]:
    """By service: calls of its data plane and of its control plane, where that is, the source."""
    text = resources.files(__package__).joinpath(_LIST).read_text(encoding="utf-8")
    found: Mapping[str, Any] = json.loads(text)["services"]
    return found


def problem_of(call: str) -> str:
    """Why a recovery plan must not make this call, SERVICE:CALL; empty where it may.

    A call of a region's own endpoint is written SERVICE:regional/CALL where that differs (sts).
    """
    service, _, action = call.partition(":")
    known = services().get(service)
    if known is None or not action:
        return f"{clean(service, limit=80)} is not known to have a data plane"
    if _matches(action, known["data_plane"]):
        return ""
    if _matches(action, known["control_plane"]):
        return f"the control plane of {service} is {known['where']}"
    return f"not known to be of the data plane of {service}"


def _matches(action: str, patterns: list[str]) -> bool:
    return any(fnmatch.fnmatchcase(action, pattern) for pattern in patterns)
