"""What a plain scalar means: YAML 1.2's core schema, without the numbers that surprise people."""

import math
import re

from infctl.platform.nodes import Scalar

_NULL = {"", "~", "null", "Null", "NULL"}
_BOOLEAN = {"true": True, "True": True, "TRUE": True}
_BOOLEAN |= {"false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_AMBIGUOUS = re.compile(r"[-+]?0[0-9_]+|0[xob][0-9a-fA-F_]+|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_GROUPED = re.compile(r"[-+]?[0-9][0-9_]*_[0-9_]*(\.[0-9_]*)?")
"""YAML 1.1 reads 1_000 as a thousand, YAML 1.2 as a text."""
_LONGEST_NUMBER = 40


class Ambiguous(ValueError):
    """A number that readers of YAML understand differently."""


def resolve(text: str) -> Scalar:
    """The value of a plain (unquoted) scalar; NO, on and 1:30 are strings, 0123 is refused."""
    if text in _NULL:
        return None
    if text in _BOOLEAN:
        return _BOOLEAN[text]
    if len(text) > _LONGEST_NUMBER:
        return text
    if _AMBIGUOUS.fullmatch(text) or _GROUPED.fullmatch(text):
        raise Ambiguous("a number that is read differently by different programs: quote it")
    if _INTEGER.fullmatch(text):
        return int(text)
    if not _FLOAT.fullmatch(text):
        return text
    if not math.isfinite(number := float(text)):
        raise Ambiguous("a number that is larger than any that can be computed with")
    return number
