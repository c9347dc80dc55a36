"""Label selectors, as Kubernetes reads them. Pure.

Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
"""

import re
from collections.abc import Mapping

_SET = re.compile(r"\s*(\S+)\s+(in|notin)\s+\(([^)]*)\)\s*")
_EQUAL = re.compile(r"\s*([^\s=!]+)\s*(==|=|!=)\s*([^\s=!]*)\s*")
_PRESENT = re.compile(r"\s*(!?)\s*([^\s=!,()]+)\s*")


def matches(selector: str, labels: Mapping[str, str]) -> bool:
    """Whether labels satisfy every requirement of a selector; ValueError where it is none."""
    return all(_meets(part, labels) for part in _split(selector))


def _split(selector: str) -> list[str]:
    return [part for part in re.split(r",(?![^(]*\))", selector) if part.strip()]


def _meets(part: str, labels: Mapping[str, str]) -> bool:
    if found := _SET.fullmatch(part):
        key, word, values = found.groups()
        is_in = labels.get(key) in {value.strip() for value in values.split(",")}
        return is_in == (word == "in")
    if found := _EQUAL.fullmatch(part):
        key, sign, value = found.groups()
        return (labels.get(key) == value) != (sign == "!=")
    if found := _PRESENT.fullmatch(part):
        return (found[2] in labels) != bool(found[1])
    raise ValueError(f"{part!r} is no label selector")
