"""Reads the triggers of one ScaledObject, counts their failures and falls back in time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from infctl.lab.autoscaler.fallback import Workload, is_due, stand_in
from infctl.lab.autoscaler.scaled import Scaled
from infctl.lab.autoscaler.triggers.common import Reading, ScalerFailed
from infctl.lab.autoscaler.triggers.cron import Cron
from infctl.lab.autoscaler.triggers.prometheus import Prometheus

Ask = Callable[[Prometheus], Awaitable[Reading]]
Count = Callable[[], Awaitable[Workload]]
External = Prometheus | Cron


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a trigger: a value, or a fault; `falls_back` if the value only stands in."""

    trigger: External
    value: float = 0.0
    is_active: bool = False
    falls_back: bool = False
    fault: str = ""


class Readings:
    """The triggers of one ScaledObject and how often each failed in a row."""

    def __init__(self, ask: Ask, count: Count) -> None:
        self._ask = ask
        self._count = count
        self.failures: dict[str, int] = {}

    def remember(self, health: Mapping[str, Any]) -> None:
        """Start from the failures that a status has on record."""
        for metric, found in health.items():
            self.failures.setdefault(metric, int((found or {}).get("numberOfFailures") or 0))

    async def read_all(self, wanted: Scaled) -> list[Outcome]:
        """All external triggers at once; one's fault is no other's."""
        known = {trigger.metric for trigger in wanted.external}
        self.failures = {m: n for m, n in self.failures.items() if m in known}
        reading = (self.read(wanted, trigger) for trigger in wanted.external)
        return list(await asyncio.gather(*reading))

    async def read(self, wanted: Scaled, trigger: External) -> Outcome:
        """One trigger, or what stands in for it."""
        try:
            found = await self._read(trigger)
        except ScalerFailed as error:
            return await self._failed(wanted, trigger, str(error))
        self.failures[trigger.metric] = 0
        return Outcome(trigger, found.value, found.is_active)

    async def _read(self, trigger: External) -> Reading:
        if isinstance(trigger, Cron):
            return trigger.read(datetime.now(UTC))
        return await self._ask(trigger)

    async def _failed(self, wanted: Scaled, trigger: External, fault: str) -> Outcome:
        failures = self.failures.get(trigger.metric, 0) + 1
        self.failures[trigger.metric] = failures
        if wanted.fallback is None or not is_due(wanted.fallback, failures):
            return Outcome(trigger, fault=fault)
        value = stand_in(wanted.fallback, trigger, await self._count())
        if value is None:
            return Outcome(trigger, fault=f"{fault}; no ready pods to reckon a fallback from")
        # KEDA takes a trigger that falls back for an active one.
        return Outcome(trigger, value, is_active=True, falls_back=True)

    def health(self) -> dict[str, dict[str, Any]]:
        """The failures as a status has them."""
        return {
            metric: {"numberOfFailures": n, "status": "Failing" if n else "Happy"}
            for metric, n in self.failures.items()
        }
