"""Spans in OTLP's two forms, kept within bounds, found by the id of their trace."""

import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from exports import SPAN, TRACE, as_json, as_protobuf

from infctl.lab.traces.encoding import JSON, PROTOBUF, Unreadable, read_export, spans_of
from infctl.lab.traces.server import make_application
from infctl.lab.traces.store import TraceStore
from infctl.lab.traces.summaries import summarize

OTHER = "f" * 32
Client = TestClient[Any, Any]


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    application = make_application(TraceStore(tmp_path))
    async with TestClient(TestServer(application)) as found:
        yield found


def kept(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def send(client: Client, kind: str, body: bytes, **headers: str) -> int:
    named = {"Content-Type": kind, **{k.replace("_", "-"): v for k, v in headers.items()}}
    answer = await client.post("/v1/traces", data=body, headers=named)
    return answer.status


@pytest.mark.parametrize(
    ("kind", "body"), [(JSON, json.dumps(as_json()).encode()), (PROTOBUF, as_protobuf())]
)
async def test_a_span_is_found_by_its_trace_in_whatever_form_it_came(
    client: Client, kind: str, body: bytes
) -> None:
    assert await send(client, kind, body) == 200
    assert await send(client, kind, gzip.compress(body), content_encoding="gzip") == 200
    answer = await client.get(f"/api/traces/{TRACE.upper()}")
    found = spans_of(await answer.json())
    assert [(s["traceId"], s["spanId"], s["name"]) for s in found] == [
        (TRACE, SPAN, "ingress"),
        (TRACE, SPAN, "ingress"),
    ]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/api/traces/{OTHER}", 404),
        ("/api/traces/xyz", 400),
        ("/api/traces?limit=many", 400),
        ("/api/traces?limit=3", 200),
    ],
)
async def test_questions_are_answered_with_a_reason(client: Client, path: str, status: int) -> None:
    answer = await client.get(path)
    assert answer.status == status
    assert (await answer.json()).keys() <= {"message", "traces"}


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        (JSON, b"{", 400),
        (JSON, b'{"resourceSpans": 1}', 400),
        (JSON, b"[" * 100_000, 400),
        (JSON, json.dumps(as_json(trace="zz")).encode(), 400),
        (JSON, json.dumps(as_json(trace="")).encode(), 400),
        (JSON, json.dumps(as_json(span="aa")).encode(), 400),
        (PROTOBUF, b"\xff\xff", 400),
        ("text/plain", b"x", 415),
        (PROTOBUF, b"x" * (5 << 20), 413),
    ],
)
async def test_what_is_no_export_is_refused_and_not_kept(
    client: Client, tmp_path: Path, kind: str, body: bytes, status: int
) -> None:
    assert await send(client, kind, body) == status
    assert not kept(tmp_path)


async def test_the_newest_traces_are_listed_with_what_they_were(client: Client) -> None:
    child = as_json(span="a" * 16, parentSpanId=SPAN, name="router", status={"code": 2})
    for export in (as_json(), child, as_json(OTHER, begins=2_000_000_000_000_000_000)):
        await send(client, JSON, json.dumps(export).encode())
    answer = await client.get("/api/traces?limit=2")
    newest, older = (await answer.json())["traces"]
    assert newest["trace"] == OTHER
    assert older | {"name": ""} == {
        "trace": TRACE,
        "name": "",
        "service": "gateway-eu",
        "started": "2001-09-09T01:46:40.000+00:00",
        "duration_ms": 5.0,
        "spans": 2,
        "failed": True,
    }


def test_the_oldest_spans_go_when_there_are_too_many(tmp_path: Path) -> None:
    store = TraceStore(tmp_path, most_bytes=2000, files=3)
    for number in range(100):
        store.add(as_json(f"{number:032x}"))
    assert len(list(tmp_path.iterdir())) == 3
    assert sum(f.stat().st_size for f in tmp_path.iterdir()) <= 3 * 2000
    assert not store.find(f"{0:032x}")
    assert store.find(f"{99:032x}")
    again = TraceStore(tmp_path, most_bytes=2000, files=3)
    again.add(as_json(OTHER))
    assert again.find(OTHER)
    assert summarize(again.newest(), 1)[0]["trace"] == OTHER


def test_half_a_line_after_a_crash_is_passed_over(tmp_path: Path) -> None:
    store = TraceStore(tmp_path)
    store.add(as_json())
    (file,) = tmp_path.iterdir()
    with file.open("a") as opened:
        opened.write('{"resourceSpans": [{"' + OTHER)
    assert store.find(TRACE)
    assert not store.find(OTHER)


def test_ids_are_hexadecimal_and_enumerations_are_numbers_on_disk() -> None:
    (span,) = spans_of(read_export(JSON, json.dumps(as_json()).encode()))
    assert (span["traceId"], span["kind"]) == (TRACE, 2)
    with pytest.raises(Unreadable):
        read_export(JSON, b"null")
