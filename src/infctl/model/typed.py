"""What records from outside must look like before they are believed; pure."""

from collections.abc import Mapping, Sequence
from typing import Any

_CODES = 256


def text(value: Any) -> str:
    """A text; TypeError where nobody wrote one."""
    if not isinstance(value, str):
        raise TypeError("no text where one belongs")
    return value


def lines(result: Mapping[str, Any], name: str) -> Sequence[Any]:
    """A list by its name, empty where there is none; TypeError where it is something else."""
    found = result.get(name, ())
    if not isinstance(found, (list, tuple)):
        raise TypeError(f"{name} is no list")
    return found


def check_end(result: Any) -> None:
    """A run's result as every reader takes it: an exit code, and texts for people."""
    if type(result["exit"]) is not int or not 0 <= result["exit"] < _CODES:
        raise ValueError("the last record has no exit code")
    for line in (*lines(result, "summary"), *lines(result, "evidence")):
        text(line)
