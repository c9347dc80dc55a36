"""Leaves out what MLServer imports at its start and this server has switched off.

Pandas, Kafka and tracing are more than half of MLServer's start and memory, and a region starts all
its pods at once. Their modules are named here as absent before `mlserver` is imported; a switch
that would need one fails at once instead of doing nothing.
"""

import sys
from types import ModuleType

_ABSENT = {
    "mlserver.codecs.pandas": ("PandasCodec",),
    "mlserver.kafka": ("KafkaServer",),
    "mlserver.tracing": ("get_tracer_provider",),
    "opentelemetry.instrumentation.fastapi": ("FastAPIInstrumentor",),
    "opentelemetry.instrumentation.grpc": ("aio_server_interceptor", "filters"),
}


class LeftOut:
    """Stands for a name of a module that was left out; using it in any way is an error."""

    def __init__(self, *_: object, **__: object) -> None:
        raise RuntimeError("this part of MLServer is left out of the image")


def leave_out() -> None:
    """To be called before the first import of `mlserver`."""
    for name, members in _ABSENT.items():
        module = ModuleType(name, "Left out.")
        for member in members:
            setattr(module, member, LeftOut)
        sys.modules[name] = module
