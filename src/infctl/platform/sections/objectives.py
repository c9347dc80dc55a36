"""What is measured against which bound, over which window."""

from typing import Annotated

from pydantic import Field

from infctl.platform.sections.base import Section
from infctl.platform.units import Duration, Percentage


class Recovery(Section):
    """Seconds from a fault until clients are served again, and stay so for `settle`."""

    rto: Annotated[Duration, Field(gt=0, le=86400)] = 90.0
    settle: Annotated[Duration, Field(ge=0, le=3600)] = 5.0


class Availability(Section):
    """The share of requests that succeed over `window` seconds."""

    target: Annotated[Percentage, Field(gt=0, lt=1)] = 0.999
    window: Annotated[Duration, Field(ge=60, le=7_776_000)] = 2_592_000.0


class Latency(Section):
    """The share of requests that are answered within `ceiling` seconds, over `window` seconds."""

    target: Annotated[Percentage, Field(gt=0, lt=1)] = 0.99
    ceiling: Annotated[Duration, Field(gt=0, le=60)] = 0.25
    window: Annotated[Duration, Field(ge=60, le=7_776_000)] = 2_592_000.0


class Objectives(Section):
    """The bounds that drills, rollouts and the status hold the service to."""

    recovery: Recovery = Recovery()
    availability: Availability = Availability()
    latency: Latency = Latency()
