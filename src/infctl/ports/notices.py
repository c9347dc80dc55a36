"""Telling people: notices to the routes that the environment names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Notice:
    """`severity` is info, warning or critical; `key` makes sending twice sending once."""

    key: str
    title: str
    text: str
    severity: str = "info"
    labels: Mapping[str, str] = field(default_factory=dict)


class Notifier(Protocol):
    """The environment's notification routes."""

    def names(self) -> tuple[str, ...]:
        """The routes."""

    async def send(self, route: str, notice: Notice) -> str:
        """Hand a notice to a route; returns the receipt, Refused where there is no such route."""

    async def sent(self, key: str) -> tuple[str, ...]:
        """The routes that took a notice of that key already."""
