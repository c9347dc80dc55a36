"""Where the stack's own autoscaler reads metrics inside a region."""

from typing import Annotated

from pydantic import Field

from infctl.platform.sections.base import Name, Section


class Metrics(Section):
    """Prometheus as pods reach it, and the namespace that it scrapes from."""

    prometheus: Annotated[
        str, Field(max_length=255, pattern=r"^https?://[a-z0-9][a-z0-9.-]*(:[0-9]{1,5})?$")
    ] = "http://prometheus.monitoring.svc:9090"
    namespace: Name = "monitoring"
