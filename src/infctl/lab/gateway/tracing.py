"""Envoy's spans: which requests have one, and where they go. Pure."""

from infctl.lab import addresses
from infctl.lab.following import Object
from infctl.lab.spec import Lab, Region

CLUSTER = "traces"
PERCENT = 1
"""Of requests without a `traceparent`; one that has it decides by its flag `sampled` itself."""
_NAMES = "envoy.tracers.opentelemetry"
_TYPES = "type.googleapis.com/envoy.extensions.tracers.opentelemetry.samplers.v3"
_TYPE = "type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig"


def make_tracing(lab: Lab, region: Region) -> Object:
    """The tracer of a region's gateway; `traceparent` is passed on in any case."""
    where = f"{lab.shared('traces')}:{addresses.TRACES_PORT}"
    uri = {"uri": f"http://{where}/v1/traces", "cluster": CLUSTER, "timeout": "1s"}
    return {
        # The sampler decides; Envoy's own chance would overrule the client's flag.
        "random_sampling": {"value": 100.0},
        "provider": {
            "name": _NAMES,
            "typed_config": {
                "@type": _TYPE,
                "service_name": f"gateway-{region.name}",
                "http_service": {"http_uri": uri},
                "sampler": _sampler(),
            },
        },
    }


def _sampler() -> Object:
    share = {
        "name": f"{_NAMES}.samplers.trace_id_ratio_based",
        "typed_config": {
            "@type": f"{_TYPES}.TraceIdRatioBasedSamplerConfig",
            "sampling_percentage": {"numerator": PERCENT, "denominator": "HUNDRED"},
        },
    }
    return {
        "name": f"{_NAMES}.samplers.parent_based",
        "typed_config": {
            "@type": f"{_TYPES}.ParentBasedSamplerConfig",
            "wrapped_sampler": share,
        },
    }


def make_cluster(lab: Lab) -> Object:
    """The trace store; while it is away spans are lost, and no request waits for it."""
    address = {"address": lab.shared("traces"), "port_value": addresses.TRACES_PORT}
    return {
        "name": CLUSTER,
        "type": "STATIC",
        "connect_timeout": "0.5s",
        "load_assignment": {
            "cluster_name": CLUSTER,
            "endpoints": [
                {"lb_endpoints": [{"endpoint": {"address": {"socket_address": address}}}]}
            ],
        },
    }
