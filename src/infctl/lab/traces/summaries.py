"""What a list of traces says of each. Pure."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from infctl.lab.traces.encoding import Object

_FAILED = 2
_BEYOND = 200
"""Exports in which earlier spans of the traces that were found are looked for."""


def summarize(exports: Iterable[Object], limit: int) -> list[Object]:
    """The first `limit` traces that the exports name, as they come; spans of others are skipped."""
    traces: dict[str, list[tuple[str, Object]]] = {}
    beyond = 0
    for export in exports:
        beyond += len(traces) >= limit
        if beyond > _BEYOND:
            break
        for service, span in _spans(export):
            if span["traceId"] in traces or len(traces) < limit:
                traces.setdefault(span["traceId"], []).append((service, span))
    return [_summary(trace, spans) for trace, spans in traces.items()]


def _spans(export: Object) -> Iterator[tuple[str, Object]]:
    for resource in export.get("resourceSpans", []):
        service = _service(resource)
        for scope in resource.get("scopeSpans", []):
            yield from ((service, span) for span in scope.get("spans", []))


def _summary(trace: str, spans: list[tuple[str, Object]]) -> Object:
    service, first = min(spans, key=lambda pair: _nanoseconds(pair[1], "startTimeUnixNano"))
    begins = _nanoseconds(first, "startTimeUnixNano")
    ends = max(_nanoseconds(span, "endTimeUnixNano") for _, span in spans)
    return {
        "trace": trace,
        "name": first.get("name", ""),
        "service": service,
        "started": datetime.fromtimestamp(begins / 1e9, UTC).isoformat(timespec="milliseconds"),
        "duration_ms": round((ends - begins) / 1e6, 3),
        "spans": len(spans),
        "failed": any(s.get("status", {}).get("code") == _FAILED for _, s in spans),
    }


def _nanoseconds(span: Object, field: str) -> int:
    return int(span.get(field, 0))


def _service(resource: Object) -> str:
    attributes = resource.get("resource", {}).get("attributes", [])
    named = (a["value"].get("stringValue", "") for a in attributes if a["key"] == "service.name")
    return str(next(named, ""))
