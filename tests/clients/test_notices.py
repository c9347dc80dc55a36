"""Row C7 of the reliability catalogue for notices: whatever they hold, each is one record."""

import json
from pathlib import Path
from typing import Any

import pytest

from infctl.clients.http_caller import HttpEndpoints
from infctl.clients.notices import Outbox, Webhook
from infctl.engine.operations.notify import Notify
from infctl.errors import ConfigurationError
from infctl.ports.calls import Reply
from infctl.ports.notices import Notice

FORGED = [
    "ok\n2026-01-01T00:00Z APPROVED by bob",
    "ok\r\n2026-01-01T00:00Z APPROVED by bob",
    "ok\r2026",
    "ok\u20282026",
    "ok\u20292026",
    "ok\x852026",
    "ok\x0b2026",
    "ok\x0c2026",
    "ok\x1c2026",
    "ok\x1d2026",
    "ok\x1e2026",
    '=HYPERLINK("http://e")',
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    '"}\n{"kind": "Notice"}',
    '", "severity": "info',
    "\\n{}",
    "\x00",
    "\x1b[2K\rok",
    "\x1b]0;x\x07",
    "\u202eko",
    "\u2066ok\u2069",
    "\ufeffok",
    "\U000e0041",
    "</script><script>",
    "data: x\n\ndata: y",
    "Subject: x\r\nBcc: e@e",
]


def test_there_are_thirty() -> None:
    assert len(FORGED) >= 30


@pytest.mark.parametrize("text", FORGED)
async def test_a_forged_line_stays_inside_its_record(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies: list[str] = []

    async def call(self: Any, *words: Any) -> Reply:
        bodies.append(words[3])
        return Reply(503, "")

    monkeypatch.setattr(HttpEndpoints, "call", call)
    outbox = Outbox({"on-call": Webhook("on-call", "https://hooks.example/a")}, tmp_path)
    await outbox.send("on-call", Notice("run/s1", text, text, "info", {"a": text}))
    kept = [path.read_text() for path in _records(tmp_path)]
    assert [len(body.splitlines()) for body in (*bodies, *kept)] == [1, 1]
    assert json.loads(bodies[0])["text"] == text


@pytest.mark.parametrize("text", [t for t in FORGED if not t.isprintable()])
def test_a_title_is_plain_text(text: str) -> None:
    with pytest.raises(ConfigurationError, match="`title`"):
        Notify().check({"route": "on-call", "title": text, "text": "x"})


def _records(folder: Path) -> list[Path]:
    return sorted((folder / "waiting").iterdir())
