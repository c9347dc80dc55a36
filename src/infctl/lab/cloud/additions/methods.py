"""Putting a function of ours around one of moto's."""

import functools
from collections.abc import Callable
from typing import Any


def wrap_property(owner: Any, name: str, around: Callable[[Any, Any], Any]) -> None:
    """The same for a property: `around` gets what moto says, and the object."""
    says = getattr(owner, name).fget
    setattr(owner, name, property(lambda found: around(says(found), found)))


def wrap(owner: Any, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a function that gets moto's own as its first argument, then what it was called with.

    AttributeError where moto has no such method any more.
    """
    original = getattr(owner, name)

    def decorate(around: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def replaced(*given: Any, **named: Any) -> Any:
            return around(original, *given, **named)

        setattr(owner, name, replaced)
        return around

    return decorate
