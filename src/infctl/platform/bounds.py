"""The recovery time that a configuration promises, with the sum that it comes from."""

from dataclasses import dataclass

from infctl.platform.model import Platform
from infctl.platform.units import format_duration


@dataclass(frozen=True, slots=True)
class Bound:
    """interval x threshold + TTL + timeout, all in seconds."""

    interval: float
    threshold: int
    ttl: float
    timeout: float

    @property
    def seconds(self) -> float:
        """The sum."""
        return self.interval * self.threshold + self.ttl + self.timeout

    def __str__(self) -> str:
        interval, ttl, timeout, total = (
            format_duration(value)
            for value in (self.interval, self.ttl, self.timeout, self.seconds)
        )
        return (
            f"{total} = interval {interval} x threshold {self.threshold}"
            f" + TTL {ttl} + timeout {timeout}"
        )


def loss_bound(platform: Platform) -> Bound:
    """The bound when a region is lost and health checks alone recover it."""
    check = platform.traffic.health_check
    return _bound(platform, check.interval, check.failure_threshold)


def switch_bound(platform: Platform) -> Bound:
    """The bound when an operator switches a region off."""
    switch = platform.traffic.switch
    return _bound(platform, switch.interval, switch.failure_threshold)


def _bound(platform: Platform, interval: float, threshold: int) -> Bound:
    return Bound(interval, threshold, platform.traffic.ttl, platform.traffic.timeout)
