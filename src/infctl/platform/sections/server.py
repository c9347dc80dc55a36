"""The model server: image, device slots, probes and what a pod asks of the scheduler."""

from typing import Annotated, Literal

from pydantic import Field

from infctl.platform.sections.base import Image, Section
from infctl.platform.units import Duration, Quantity


class Requests(Section):
    """What the scheduler reserves for a pod."""

    cpu: Quantity = "250m"
    memory: Quantity = "256Mi"


class Startup(Section):
    """The startup probe: warm-up may take `period` x `failure_threshold`."""

    period: Annotated[Duration, Field(ge=1, le=300)] = 1.0
    failure_threshold: Annotated[int, Field(ge=1, le=1000)] = 60


class Readiness(Section):
    """The readiness probe; a pod leaves the gateway after `failure_threshold` failures."""

    period: Annotated[Duration, Field(ge=1, le=300)] = 2.0
    failure_threshold: Annotated[int, Field(ge=1, le=100)] = 2


class Server(Section):
    """A pod has `slots` device slots, each held for `service_time` by a request.

    `queue_limit` bounds the waiting requests of a pod, `warmup_requests` are made at load, and
    `grace` is what a pod gets between SIGTERM and SIGKILL.
    """

    profile: Literal["mlserver"] = "mlserver"
    image: Image
    slots: Annotated[int, Field(ge=1, le=1024)] = 4
    service_time: Annotated[Duration, Field(ge=0, le=60)] = 0.02
    queue_limit: Annotated[int, Field(ge=0, le=100_000)] = 64
    warmup_requests: Annotated[int, Field(ge=0, le=10_000)] = 20
    requests: Requests = Requests()
    startup: Startup = Startup()
    readiness: Readiness = Readiness()
    grace: Annotated[Duration, Field(ge=1, le=3600)] = 10.0
