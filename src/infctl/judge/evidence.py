"""What a failover drill leaves behind to be judged by, and what comes out of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from infctl.model.outcome import Outcome
from infctl.ports.cloud import Observation
from infctl.ports.load import RequestRecord, Resolution

Words = Sequence[tuple[str, Observation]]
"""A health check's name with what one checker concluded of it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What was configured and promised; seconds, ratios in 0..1.

    `interval` and `threshold` are those of the health checks that decide: the endpoint's where a
    region is lost, the switch's where it is switched off. `timeout` bounds a client's request,
    `ceiling` its p99, `settle` is how long it has to stay good; `objective` is the RTO promised.
    """

    ttl: float
    interval: float
    threshold: int
    timeout: float
    ceiling: float
    settle: float
    objective: float
    availability: float = 0.999

    @property
    def bound(self) -> float:
        """The recovery time that the configuration promises."""
        return self.interval * self.threshold + self.ttl + self.timeout


@dataclass(frozen=True, slots=True)
class Evidence:
    """Recordings around one fault; all times are seconds since the epoch.

    `lost` are the addresses of the region that is lost or switched off. `observations` are words of
    the checks that take part in the region's, `inverted` those of them that mean the opposite.
    `answers` are polled answers of the name service, `host` this machine's busy share (0..1) since
    the reading before. `until` is when the fault was healed or the region switched on again.
    """

    fault_at: float
    requests: Sequence[RequestRecord]
    lost: frozenset[str]
    terms: Terms
    resolutions: Sequence[Resolution] = ()
    observations: Words = ()
    inverted: frozenset[str] = frozenset()
    answers: Sequence[tuple[float, tuple[str, ...]]] = ()
    host: Sequence[tuple[float, float]] = ()
    until: float = float("inf")


@dataclass(frozen=True, slots=True)
class Parts:
    """The recovery time split; seconds, none negative, and their sum is the recovery time."""

    detection: float
    decision: float
    propagation: float
    client_drain: float


@dataclass(frozen=True, slots=True)
class Moments:
    """When what happened, in seconds since the epoch; None where it was not seen."""

    fault: float
    detected: float | None
    changed: float | None
    propagated: float | None
    recovered: float | None


@dataclass(frozen=True, slots=True)
class Recovery:
    """A measured recovery. Times in seconds; None where nothing was measured.

    `requests`, `failed`, `p50` and `p99` are of the time from the fault to the recovery, or to the
    end where there was none; `budget_burnt` is the error ratio then over the ratio allowed, 1.0
    being as fast as the budget lasts; `shares` are per region after the recovery. `host_mean` and
    `host_peak` (the worst five seconds running) are busy shares of this machine.
    """

    outcome: Outcome
    moments: Moments
    bound: float
    rto: float | None = None
    parts: Parts | None = None
    floor: float | None = None
    requests: int = 0
    failed: int = 0
    budget_burnt: float | None = None
    p50: float | None = None
    p99: float | None = None
    host_mean: float | None = None
    host_peak: float | None = None
    shares: Mapping[str, float] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """Recovery time over floor."""
        return self.rto / self.floor if self.rto is not None and self.floor else None
