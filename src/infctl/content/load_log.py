"""The clients' log: one JSON object a line, a request or a resolution. No gevent here."""

import json
import os
import stat
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from infctl.errors import ConfigurationError
from infctl.ports.load import RequestRecord, Resolution

LARGEST_BYTES = 1024 * 1024 * 1024
_LONGEST_TEXT = 4096
_LATEST = 1e11
_REQUEST = "request"
_RESOLVED = "resolved"


def request_line(record: RequestRecord, request_id: str) -> str:
    """One request as a line."""
    return json.dumps({"kind": _REQUEST, "id": request_id, **asdict(record)}) + "\n"


def resolution_line(resolution: Resolution) -> str:
    """One resolution as a line."""
    return json.dumps({"kind": _RESOLVED, **asdict(resolution)}) + "\n"


def check_log(path: Path) -> None:
    """ConfigurationError unless it is a regular file of at most 1 GiB that can be read."""
    try:
        # Opening a pipe would wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        found = os.fstat(descriptor)
        os.close(descriptor)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", "") or "no path"
        raise ConfigurationError(f"the request log {path} cannot be read: {reason}") from None
    if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST_BYTES:
        raise ConfigurationError(f"the request log {path} is no regular file of at most 1 GiB")


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
            found = parse_line(line)
            if isinstance(found, RequestRecord):
                self._requests.append(found)
            elif found is not None:
                self._resolutions.append(found)


def parse_line(line: bytes) -> RequestRecord | Resolution | None:
    """What a line says; None for one that a killed process left half, or somebody else wrote."""
    try:
        data: dict[str, Any] = json.loads(line)
        kind = data.pop("kind")
        if kind == _REQUEST:
            data.pop("id")
            request = RequestRecord(**data)
            return request if is_sound(request) else None
        if kind == _RESOLVED:
            data["addresses"] = tuple(data["addresses"])
            return Resolution(**data)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return None


def is_sound(record: RequestRecord) -> bool:
    """Whether its texts are texts and its times finite numbers: anybody may have written a log."""
    texts = (record.client, record.region, record.address, record.country, record.model)
    times = (record.started, record.ended)
    return (
        all(isinstance(text, str) and len(text) <= _LONGEST_TEXT for text in texts)
        and all(isinstance(at, (int, float)) and abs(at) < _LATEST for at in times)
        and isinstance(record.status, int)
    )


def read_records(path: Path) -> Iterator[RequestRecord | Resolution]:
    """All that a log holds, line by line, in the order of writing."""
    with path.open("rb") as file:
        for line in file:
            found = parse_line(line)
            if found is not None:
                yield found
