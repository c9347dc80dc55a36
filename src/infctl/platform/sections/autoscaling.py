"""When the number of pods changes."""

from typing import Annotated

from pydantic import Field

from infctl.platform.sections.base import Name, Section
from infctl.platform.units import Duration, Percentage

CRON = r"^[0-9*/,-]+( [0-9*/,-]+){4}$"


class Schedule(Section):
    """At least `replicas` pods between two moments, as cron expressions in a time zone."""

    name: Name
    timezone: Annotated[str, Field(pattern=r"^[A-Za-z_]+(/[A-Za-z0-9_+-]+)*$")] = "UTC"
    start: Annotated[str, Field(pattern=CRON)]
    end: Annotated[str, Field(pattern=CRON)]
    replicas: Annotated[int, Field(ge=1, le=1000)]


class Autoscaling(Section):
    """Bounds and targets; `target_queue` is waiting requests per pod.

    Above `target_latency` (p99 in seconds) or `target_error_ratio` a region gets pods as well.
    """

    min_replicas: Annotated[int, Field(ge=1, le=1000)] = 2
    max_replicas: Annotated[int, Field(ge=1, le=1000)] = 6
    target_queue: Annotated[int, Field(ge=1, le=100_000)] = 8
    target_latency: Annotated[Duration, Field(gt=0, le=60)] = 0.2
    target_error_ratio: Annotated[Percentage, Field(gt=0)] = 0.05
    polling: Annotated[Duration, Field(ge=1, le=3600)] = 15.0
    cooldown: Annotated[Duration, Field(ge=0, le=86400)] = 60.0
    schedules: tuple[Schedule, ...] = ()
