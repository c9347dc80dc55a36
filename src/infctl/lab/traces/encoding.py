"""OTLP's two forms of spans, protobuf and JSON, as plain values of the latter. Pure.

OTLP's JSON is protobuf's but for ids, which are hexadecimal, and enumerations, which are numbers.
"""

import base64
import binascii
import json
from collections.abc import Callable
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

Object = dict[str, Any]

PROTOBUF = "application/x-protobuf"
JSON = "application/json"
_IDS = frozenset({"traceId", "spanId", "parentSpanId"})
_LENGTHS = {"traceId": 32, "spanId": 16}
_UNREADABLE = (
    *(DecodeError, json_format.ParseError, binascii.Error),
    *(ValueError, TypeError, AttributeError, RecursionError),
)


class Unreadable(Exception):
    """What was sent is no export of spans."""


def read_export(content_type: str, body: bytes) -> Object:
    """The `resourceSpans` that were sent; Unreadable with the reason otherwise."""
    message = ExportTraceServiceRequest()
    try:
        if content_type == PROTOBUF:
            message.ParseFromString(body)
        else:
            values = _with_ids(json.loads(body), _to_base64)
            json_format.ParseDict(values, message, ignore_unknown_fields=True)
    except _UNREADABLE as error:
        raise Unreadable(f"no spans can be read from it: {str(error)[:200]}") from error
    made: Object = json_format.MessageToDict(message, use_integers_for_enums=True)
    made = _with_ids(made, _to_hexadecimal)
    for span in spans_of(made):
        for name, length in _LENGTHS.items():
            if len(span.get(name, "")) != length:
                raise Unreadable(f"a span has no {name} of {length // 2} bytes")
    return made


def spans_of(export: Object) -> list[Object]:
    """All spans of an export."""
    return [
        span
        for resource in export.get("resourceSpans", [])
        for scope in resource.get("scopeSpans", [])
        for span in scope.get("spans", [])
    ]


def _with_ids(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {
            name: change(item)
            if name in _IDS and isinstance(item, str)
            else _with_ids(item, change)
            for name, item in value.items()
        }
    return [_with_ids(item, change) for item in value] if isinstance(value, list) else value


def _to_base64(text: str) -> str:
    return base64.b64encode(bytes.fromhex(text)).decode()


def _to_hexadecimal(text: str) -> str:
    return base64.b64decode(text).hex()
