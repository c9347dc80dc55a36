"""Texts that Envoy takes: one with a control character makes it refuse all of a kind. Pure."""

from collections.abc import Iterator
from typing import Any

from infctl.lab.gateway.objects import Unsupported

_FIRST_PRINTABLE, _DELETE = 32, 127


def check(value: Any) -> None:
    """Refuse control characters anywhere in an object."""
    for text in _texts(value):
        if any(ord(c) < _FIRST_PRINTABLE or ord(c) == _DELETE for c in text):
            raise Unsupported(f"control characters in {text[:40]!r}")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, part in value.items():
            yield name
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
