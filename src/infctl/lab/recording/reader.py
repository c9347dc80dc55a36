"""Reads a recording back, for tests: nothing of it is believed before its digests were compared."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infctl.lab.errors import LabError
from infctl.lab.recording import manifest, openmetrics
from infctl.lab.recording.openmetrics import Sample


class Recording:
    """A whole recording; LabError where it is not, or was changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            self.manifest: dict[str, Any] = json.loads((folder / manifest.NAME).read_text())
            known, files = self.manifest["files"], manifest.describe_files(folder)
            is_ours = self.manifest["format"] == manifest.FORMAT
            is_whole = known == files and self.manifest["digest"] == manifest.digest_of(
                self.manifest
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise LabError(f"{folder} is no whole recording of a lab") from error
        if not is_ours:
            raise LabError(f"{folder} was recorded in another format")
        if not is_whole:
            raise LabError(f"{folder} was changed since it was recorded")

    def samples(self, region: str, name: str = "") -> Iterator[Sample]:
        """A region's samples, all or those of one metric, oldest piece first."""
        for path in sorted((self.folder / "metrics" / region).glob("*.om")):
            for sample in openmetrics.parse(path.read_text()):
                if not name or sample.name == name:
                    yield sample

    def events(self, region: str) -> list[dict[str, Any]]:
        """A region's Kubernetes events, as they came."""
        return _lines(self.folder / "events" / f"{region}.jsonl")

    def states(self) -> list[dict[str, Any]]:
        """The lab's parts and faults over time: {"at", "states", "faults"}."""
        return _lines(self.folder / "parts.jsonl")

    def log(self, part: str) -> str:
        """What a part's log said meanwhile."""
        path = self.folder / "logs" / f"{part}.log"
        return path.read_text() if path.exists() else ""


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
