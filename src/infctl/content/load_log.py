"""The clients' log: one JSON object a line, a request or a resolution. No gevent here."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from infctl.ports.load import RequestRecord, Resolution

_REQUEST = "request"
_RESOLVED = "resolved"


def request_line(record: RequestRecord, request_id: str) -> str:
    """One request as a line."""
    return json.dumps({"kind": _REQUEST, "id": request_id, **asdict(record)}) + "\n"


def resolution_line(resolution: Resolution) -> str:
    """One resolution as a line."""
    return json.dumps({"kind": _RESOLVED, **asdict(resolution)}) + "\n"


class LogReader:
    """Reads a growing log: each call parses only what is new, and whole lines only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._requests: list[RequestRecord] = []
        self._resolutions: list[Resolution] = []

    def requests(self) -> list[RequestRecord]:
        """All requests so far, in the order of `ended`."""
        self._read()
        self._requests.sort(key=lambda record: record.ended)
        return list(self._requests)

    def resolutions(self) -> list[Resolution]:
        """All resolutions so far, in the order of `at`."""
        self._read()
        self._resolutions.sort(key=lambda resolution: resolution.at)
        return list(self._resolutions)

    def _read(self) -> None:
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                new = file.read()
        except FileNotFoundError:
            return
        whole = new[: new.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.splitlines():
            self._add(line)

    def _add(self, line: bytes) -> None:
        # A process that was killed may have left half a line; it counts for nothing.
        try:
            data: dict[str, Any] = json.loads(line)
            kind = data.pop("kind")
            if kind == _REQUEST:
                data.pop("id")
                self._requests.append(RequestRecord(**data))
            elif kind == _RESOLVED:
                data["addresses"] = tuple(data["addresses"])
                self._resolutions.append(Resolution(**data))
        except (ValueError, KeyError, TypeError, AttributeError):
            return
