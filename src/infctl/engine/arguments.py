"""What operations take: rules for arguments, and one check that names each one that breaks them.

A rule answers with what a value must be, or with an empty text where it is that. Values may come
from files that people wrote, so a problem never repeats them.
"""

import ipaddress
import json
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from typing import Any

from infctl.errors import ConfigurationError
from infctl.model.names import is_name
from infctl.model.text import clean

Rule = Callable[[Any], str]
LARGEST = 256 * 1024
"""Bytes of JSON: no argument is larger, so that no plan swallows memory."""
_DEEPEST = 32
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")


def check_arguments(
    kind: str,
    args: Mapping[str, Any],
    required: Mapping[str, Rule],
    optional: Mapping[str, Rule] | None = None,
) -> None:
    """Raise ConfigurationError, naming the argument, where `args` is not what `kind` takes."""
    rules = {**(optional or {}), **required}
    for found in args:
        if found not in rules:
            raise _wrong(kind, str(found), f"is not one of {', '.join(sorted(rules))}")
    for argument, rule in rules.items():
        if argument not in args:
            if argument in required:
                raise _wrong(kind, argument, "is missing")
            continue
        if problem := rule(args[argument]):
            raise _wrong(kind, argument, f"must be {problem}")


def name(value: Any) -> str:
    """A region, or what else is named as one: lower-case letters, digits and -."""
    is_right = isinstance(value, str) and is_name(value)
    return "" if is_right else "a name: lower-case letters, digits and -, at most 63"


def key(value: Any) -> str:
    """A name of an object or a key in one: letters, digits, dots, - and _, at most 253."""
    is_right = isinstance(value, str) and _LABEL.fullmatch(value) is not None
    return "" if is_right else "letters, digits, dots, - and _, at most 253"


def below(value: Any) -> str:
    """A path below a folder that is not named here: parts of letters, digits, dots, - and _."""
    parts = value.split("/") if isinstance(value, str) and len(value) <= 253 else []
    is_right = bool(parts) and all(_LABEL.fullmatch(part) for part in parts)
    return "" if is_right else "a path below, of letters, digits, dots, - and _"


def address(value: Any) -> str:
    """An IP address, or nothing where none is known."""
    if value == "":
        return ""
    try:
        ipaddress.ip_address(value if isinstance(value, str) else "")
    except ValueError:
        return "an IP address"
    return ""


def text(most: int = 4096, *, least: int = 1, lines: bool = False) -> Rule:
    """Text without control, format or bidi characters; `lines` allows line breaks and tabs."""

    def rule(value: Any) -> str:
        words = f"plain text of {least} to {most} characters"
        if not isinstance(value, str) or not least <= len(value) <= most:
            return words
        shown = value.replace("\n", "").replace("\t", "") if lines else value
        return "" if clean(shown, limit=most) == _normal(shown) else words

    return rule


def number(least: float, most: float) -> Rule:
    """A finite number within bounds; a boolean is none."""

    def rule(value: Any) -> str:
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return (
            "" if is_number and least <= value <= most else f"a number from {least:g} to {most:g}"
        )

    return rule


def whole(least: int, most: int) -> Rule:
    """A whole number within bounds."""

    def rule(value: Any) -> str:
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        return "" if is_whole and least <= value <= most else f"a whole number, {least} to {most}"

    return rule


def one_of(*words: str) -> Rule:
    """One of a few words."""

    def rule(value: Any) -> str:
        return "" if isinstance(value, str) and value in words else f"one of {', '.join(words)}"

    return rule


def truth(value: Any) -> str:
    """True or false, nothing that only looks like it."""
    return "" if isinstance(value, bool) else "true or false"


def list_of(rule: Rule, *, least: int = 1, most: int = 64) -> Rule:
    """A list of values that each keep a rule."""

    def whole_rule(value: Any) -> str:
        if not isinstance(value, (list, tuple)) or not least <= len(value) <= most:
            return f"a list of {least} to {most}"
        problem = next((p for item in value if (p := rule(item))), "")
        return f"a list, each of it {problem}" if problem else ""

    return whole_rule


def mapping_of(rule: Rule, *, least: int = 1, most: int = 64, keys: Rule = key) -> Rule:
    """A mapping whose keys and values each keep a rule."""

    def whole_rule(value: Any) -> str:
        if not isinstance(value, Mapping) or not least <= len(value) <= most:
            return f"a mapping of {least} to {most}"
        problem = next((p for item in value if (p := keys(item))), "")
        problem = problem or next((p for item in value.values() if (p := rule(item))), "")
        return f"a mapping, each of it {problem}" if problem else ""

    return whole_rule


def json_value(value: Any) -> str:
    """Plain JSON of at most 256 KiB and 32 levels, without NaN."""
    words = "JSON of at most 256 KiB and 32 levels"
    if _depth_of(value) > _DEEPEST:
        return words
    try:
        size = len(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        return words
    return "" if size <= LARGEST else words


def json_mapping(value: Any) -> str:
    """A mapping of plain JSON."""
    return json_value(value) if isinstance(value, Mapping) else "a mapping"


def _depth_of(value: Any, depth: int = 1) -> int:
    if depth > _DEEPEST or not isinstance(value, (Mapping, list, tuple)):
        return depth
    inside = value.values() if isinstance(value, Mapping) else value
    return max((_depth_of(item, depth + 1) for item in _some(inside)), default=depth)


def _some(values: Collection[Any]) -> list[Any]:
    """Scalars cannot be deep."""
    return [v for v in values if isinstance(v, (Mapping, list, tuple))]


def _normal(value: str) -> str:
    return unicodedata.normalize("NFC", value)


def _wrong(kind: str, argument: str, problem: str) -> ConfigurationError:
    return ConfigurationError(
        f"{kind}: `{clean(argument, limit=80)}` {problem}", unchanged="nothing was done"
    )
