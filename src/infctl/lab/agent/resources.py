"""What a resourceFieldRef gives: a container's requests and limits in units of a divisor; pure."""

import math
import re
from decimal import Decimal

from infctl.lab.agent.facts import Object
from infctl.lab.agent.nodes import CAPACITY

_QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))([a-zA-Z]*|[eE][+-]?\d+)")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_KNOWN = ("cpu", "memory", "ephemeral-storage")


def resource_value(source: Object, container: Object) -> str:
    """A resource of a container, rounded up; ValueError for one that the lab does not know.

    A limit that is not set is what the node has, as in Kubernetes; a request that is not set is 0.
    """
    asked = str(source.get("resource", ""))
    kind, _, name = asked.partition(".")
    if kind not in ("limits", "requests") or name not in _KNOWN:
        raise ValueError(f"the lab's nodes do not know the resource {asked}")
    given = ((container.get("resources") or {}).get(kind) or {}).get(name)
    if given is None:
        given = CAPACITY[name] if kind == "limits" else "0"
    divisor = parse_quantity(str(source.get("divisor") or "1")) or Decimal(1)
    return str(math.ceil(parse_quantity(str(given)) / divisor))


def parse_quantity(text: str) -> Decimal:
    """A quantity as Kubernetes writes it; ValueError for anything else."""
    matched = _QUANTITY.fullmatch(text)
    if matched is None:
        raise ValueError(f"{text!r} is no quantity")
    number, suffix = matched.groups()
    if suffix in _BINARY:
        return Decimal(number) * Decimal(1024) ** _BINARY[suffix]
    if suffix in _DECIMAL:
        return Decimal(number).scaleb(_DECIMAL[suffix])
    if suffix[0] in "eE" and suffix[1:].lstrip("+-").isdigit():
        return Decimal(number).scaleb(int(suffix[1:]))
    raise ValueError(f"{text!r} is no quantity")
