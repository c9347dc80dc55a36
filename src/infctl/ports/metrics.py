"""A region's Prometheus."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of an instant query; `at` is the time of evaluation, NaN values are left out."""

    labels: Mapping[str, str]
    value: float
    at: float


class Metrics(Protocol):
    """Instant queries against one region."""

    region: str

    async def query(self, expression: str) -> list[Sample]:
        """The samples of a PromQL expression; an empty list means no data, which is not zero."""

    async def ready(self) -> bool:
        """Whether the server says that it is ready."""
