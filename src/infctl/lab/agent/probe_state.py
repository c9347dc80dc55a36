"""What a row of probe results says: thresholds and timings as the kubelet counts them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ProbeTiming:
    """A probe's numbers, in seconds and results in a row."""

    period: float = 10
    timeout: float = 1
    initial_delay: float = 0
    failure_threshold: int = 3
    success_threshold: int = 1


def read_timing(probe: Mapping[str, Any]) -> ProbeTiming:
    """The numbers of a probe as the API has them; zero and nothing mean the default."""
    return ProbeTiming(
        period=probe.get("periodSeconds") or 10,
        timeout=probe.get("timeoutSeconds") or 1,
        initial_delay=probe.get("initialDelaySeconds") or 0,
        failure_threshold=probe.get("failureThreshold") or 3,
        success_threshold=probe.get("successThreshold") or 1,
    )


class ProbeState:
    """Turns when as many equal results came in a row as its threshold asks for."""

    def __init__(self, timing: ProbeTiming, *, is_good: bool) -> None:
        self._timing = timing
        self._row = 0
        self._last: bool | None = None
        self.is_good = is_good
        self.has_failed = False
        """Whether the failure threshold has been reached at least once."""

    def add(self, result: bool) -> bool:
        """Count a result; returns whether the state turned."""
        self._row = self._row + 1 if result == self._last else 1
        self._last = result
        timing = self._timing
        needed = timing.success_threshold if result else timing.failure_threshold
        if self._row < needed:
            return False
        self.has_failed = self.has_failed or not result
        turned = self.is_good != result
        self.is_good = result
        return turned
