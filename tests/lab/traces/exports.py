"""Exports of spans for tests."""

from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def as_json(trace: str = TRACE, span: str = SPAN, **rest: Any) -> dict[str, Any]:
    """One span in OTLP's JSON."""
    begins = int(rest.pop("begins", 1_000_000_000_000_000_000))
    made = {
        "traceId": trace,
        "spanId": span,
        "name": "ingress",
        "kind": 2,
        "startTimeUnixNano": str(begins),
        "endTimeUnixNano": str(begins + 5_000_000),
        **rest,
    }
    service = {"key": "service.name", "value": {"stringValue": "gateway-eu"}}
    return {
        "resourceSpans": [
            {"resource": {"attributes": [service]}, "scopeSpans": [{"spans": [made]}]},
        ]
    }


def as_protobuf(trace: str = TRACE, span: str = SPAN) -> bytes:
    """The same as bytes."""
    message = ExportTraceServiceRequest()
    resource = message.resource_spans.add()
    attribute = resource.resource.attributes.add()
    attribute.key, attribute.value.string_value = "service.name", "gateway-eu"
    made = resource.scope_spans.add().spans.add()
    made.trace_id, made.span_id = bytes.fromhex(trace), bytes.fromhex(span)
    made.name = "ingress"
    return bytes(message.SerializeToString())
