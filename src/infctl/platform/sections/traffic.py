"""How clients reach the regions."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from infctl.platform.sections.base import Name, Section, UrlPath
from infctl.platform.units import Duration, Percentage

INTERVALS = (10.0, 30.0)
"""Request intervals that Route 53 offers, in seconds."""


def _check_interval(value: float) -> float:
    if value not in INTERVALS:
        raise ValueError("Route 53 checks every 10s or 30s, nothing else")
    return value


Interval = Annotated[Duration, AfterValidator(_check_interval)]
Threshold = Annotated[int, Field(ge=1, le=10)]
"""Failures in a row before a health check turns. Source of the bounds: Route 53."""


class HealthCheck(Section):
    """How the name service asks a region's gateway."""

    interval: Interval = 10.0
    failure_threshold: Threshold = 3
    path: UrlPath = "/v2/health/ready"


class Switch(Section):
    """How the name service reads an operator's switch."""

    interval: Interval = 10.0
    failure_threshold: Threshold = 1


class Retries(Section):
    """Retries at the gateway: how many after the first try, and the bound of each in seconds."""

    attempts: Annotated[int, Field(ge=0, le=5)] = 1
    per_try_timeout: Annotated[Duration, Field(gt=0, le=60)] = 1.0


class Breaker(Section):
    """Bounds at the gateway, per region; outlier detection takes pods out that fail in a row."""

    max_connections: Annotated[int, Field(ge=1, le=1_000_000)] = 1024
    max_pending: Annotated[int, Field(ge=0, le=1_000_000)] = 256
    max_parallel: Annotated[int, Field(ge=1, le=1_000_000)] = 1024
    consecutive_errors: Annotated[int, Field(ge=1, le=1000)] = 5
    eject_for: Annotated[Duration, Field(ge=1, le=3600)] = 30.0
    max_ejected: Percentage = 0.5


class Traffic(Section):
    """`ttl` of the records and `timeout` of one request, in seconds; TTLs are whole seconds."""

    policy: Literal["weighted"] = "weighted"
    ttl: Annotated[Duration, Field(ge=1, le=86400, multiple_of=1)] = 20.0
    timeout: Annotated[Duration, Field(gt=0, le=300)] = 2.0
    gateway_class: Name = "envoy"
    health_check: HealthCheck = HealthCheck()
    switch: Switch = Switch()
    retries: Retries = Retries()
    breaker: Breaker = Breaker()
