"""Spans on disk: one export a line, in OTLP's JSON, in a few files of bounded size."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

from infctl.lab.traces.encoding import Object

MOST_BYTES = 8 << 20
"""Of one file; a new one is begun then."""
MOST_FILES = 4
_PATTERN = "spans-*.jsonl"


class TraceStore:
    """The newest spans; one process writes a folder. Methods block for as long as disks take."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES, files: int = MOST_FILES) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._most_files = files
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        found = self._files()
        self._number = int(found[-1].stem.rpartition("-")[2]) if found else 1

    def add(self, export: Object) -> None:
        """Append an export; the oldest file goes where there are too many."""
        line = json.dumps(export, separators=(",", ":")) + "\n"
        with self._lock:
            path = self._path()
            if path.exists() and path.stat().st_size + len(line) > self._most_bytes:
                self._number += 1
                for old in self._files()[: -self._most_files + 1]:
                    old.unlink(missing_ok=True)
            with self._path().open("a") as file:
                file.write(line)

    def find(self, trace: str) -> list[Object]:
        """The `resourceSpans` of a trace by its id in lower-case hexadecimal, the oldest first."""
        found = []
        for line in self._lines(newest_first=False):
            if trace.encode() in line:
                for resource in json.loads(line)["resourceSpans"]:
                    found += _of_trace(resource, trace)
        return found

    def newest(self) -> Iterator[Object]:
        """Exports, the newest first."""
        for line in self._lines(newest_first=True):
            yield json.loads(line)

    def _lines(self, *, newest_first: bool) -> Iterator[bytes]:
        """Whole lines: the last may be half written after a crash."""
        files = self._files()
        for path in reversed(files) if newest_first else files:
            try:
                lines = path.read_bytes().split(b"\n")[:-1]
            except FileNotFoundError:
                continue
            yield from reversed(lines) if newest_first else lines

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob(_PATTERN))

    def _path(self) -> Path:
        return self._folder / f"spans-{self._number:09}.jsonl"


def _of_trace(resource: Object, trace: str) -> list[Object]:
    """The resource with the spans of one trace, if it has any."""
    scopes = []
    for scope in resource.get("scopeSpans", []):
        spans = [span for span in scope.get("spans", []) if span["traceId"] == trace]
        scopes += [{**scope, "spans": spans}] if spans else []
    return [{**resource, "scopeSpans": scopes}] if scopes else []
