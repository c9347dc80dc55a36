"""What drills use where the command line says nothing."""

from typing import Annotated

from pydantic import Field

from infctl.platform.sections.base import Section
from infctl.platform.units import Duration


class Failover(Section):
    """`rate` requests per second by `users` clients; `steady` before the fault, `timeout` in all.

    `steady` and `timeout` are in seconds.
    """

    rate: Annotated[int, Field(ge=1, le=100_000)] = 60
    users: Annotated[int, Field(ge=1, le=100_000)] = 30
    steady: Annotated[Duration, Field(ge=1, le=3600)] = 10.0
    timeout: Annotated[Duration, Field(ge=10, le=86400)] = 240.0


class Drills(Section):
    """One section a drill."""

    failover: Failover = Failover()
