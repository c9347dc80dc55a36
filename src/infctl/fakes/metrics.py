"""A region's Prometheus, in memory."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from infctl.fakes.clock import FakeClock
from infctl.fakes.endpoint import Endpoint
from infctl.ports.clock import Clock
from infctl.ports.metrics import Sample

Value = float | Callable[[], float | None]


@dataclass
class FakeMetrics:
    """Answers expressions that were set; any other has no data, as a metric nobody scrapes."""

    region: str
    clock: Clock = field(default_factory=FakeClock)
    values: dict[str, Value] = field(default_factory=dict)
    is_ready: bool = True
    endpoint: Endpoint = field(init=False)

    def __post_init__(self) -> None:
        self.endpoint = Endpoint(f"prometheus {self.region}")

    async def query(self, expression: str) -> list[Sample]:
        """One sample without labels, or none; NaN is left out."""
        await self.endpoint.answer()
        value = self.values.get(expression)
        found = value() if callable(value) else value
        if found is None or math.isnan(found):
            return []
        return [Sample({}, found, self.clock.wall())]

    async def ready(self) -> bool:
        """Whether it was told to be ready."""
        await self.endpoint.answer()
        return self.is_ready
