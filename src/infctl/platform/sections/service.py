"""The inference service: its name, endpoint, owner and what it promises."""

from typing import Annotated

from pydantic import Field

from infctl.platform.sections.base import Host, Label, Name, Port, Section
from infctl.platform.units import Duration, Percentage


class Sla(Section):
    """What the service promises: availability 0..1, the p99 ceiling in seconds, accuracy 0..1."""

    availability: Percentage = 0.999
    latency_p99: Annotated[Duration, Field(gt=0, le=60)] = 0.25
    accuracy_floor: Annotated[float, Field(ge=0, le=1)] = 0.9


class Service(Section):
    """One endpoint (`host`:`port`) in the hosted zone `zone`, and who answers for it."""

    name: Name
    host: Host
    zone: Host
    port: Port = 8080
    owner: Label
    sla: Sla = Sla()
