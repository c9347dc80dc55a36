"""The fence: a number that every write of infctl carries, and the words in which it is refused.

The lock gives it out; it only ever grows. Each cluster keeps the newest that it was told, and its
API server refuses older ones (`platform.render.fence`).
"""

from collections.abc import Mapping
from typing import Any

SYSTEM = "infctl-system"
"""The namespace of what infctl keeps in a cluster for itself."""
CONFIG_MAP_NAME = "infctl-fence"
KEY = "fence"
"""Where the ConfigMap keeps the newest number that was granted in its cluster."""
PROOF_NAME = "infctl-fence-proof"
"""Written by dry runs alone, to see an older number refused."""
POLICY_NAME = "infctl-fence"
GUARD_NAME = "infctl-fence-guard"
AUTHORS_NAME = "infctl-approvals"

FENCE = "infctl.dev/fence"
RUN = "infctl.dev/run"
DELETING = "infctl.dev/deleting"
STAMPS = frozenset({FENCE, RUN, DELETING})
"""Annotations that say who wrote last, and nothing about what is wanted."""

NEWEST = 10**18 - 1
DIGITS = "^[0-9]{1,18}$"
UNSTAMPED = "this write carries no fence, but one was granted here: use a newer infctl"
NO_NUMBER = "the fence is no number"
SHRINKS = "the fence only grows"


def older(carried: int, granted: int) -> str:
    """What the API server says of an older fence; `platform.render.fence` says it in CEL."""
    return f"fence {carried} is older than {granted}, the newest granted here"


def denial(policy: str, message: str) -> str:
    """What an API server puts before a policy's own words."""
    return f"ValidatingAdmissionPolicy '{policy}' with binding '{policy}' denied request: {message}"


def number(text: Any) -> int | None:
    """The number that a text is, in decimal; None where it is none."""
    is_one = isinstance(text, str) and 0 < len(text) <= 18 and text.isascii() and text.isdigit()
    return int(text) if is_one else None


def granted(config_map: Mapping[str, Any] | None) -> int:
    """The newest number that a cluster was told: 0 where none was, NEWEST where it is no number."""
    data = (config_map or {}).get("data")
    if not isinstance(data, Mapping) or KEY not in data:
        return 0
    found = number(data[KEY])
    return NEWEST if found is None else found


def carried(manifest: Mapping[str, Any] | None) -> str:
    """The fence that an object carries, as it is written there; empty where it carries none."""
    annotations = ((manifest or {}).get("metadata") or {}).get("annotations") or {}
    return str(annotations.get(FENCE, ""))
