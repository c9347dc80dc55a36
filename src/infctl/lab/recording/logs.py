"""Keeps what the parts' logs say from now on."""

from pathlib import Path

from infctl.lab.recording.folder import Folder
from infctl.lab.recording.scrub import Scrubber

_LONGEST_READ = 16 * 2**20


class LogsTape:
    """The new lines of every log of a lab, also of parts that start later."""

    def __init__(self, logs: Path, folder: Folder, scrubber: Scrubber) -> None:
        self._logs = logs
        self._folder = folder
        self._scrubber = scrubber
        self._read = {path.name: path.stat().st_size for path in logs.glob("*.log")}

    def keep(self, *, last: bool = False) -> None:
        """Keep what is new, whole lines only but for the last time."""
        for path in sorted(self._logs.glob("*.log")):
            text = self._new(path, last)
            if text:
                self._folder.append(f"logs/{path.name}", self._scrubber.clean(text))

    def _new(self, path: Path, last: bool) -> str:
        known = self._read.get(path.name, 0)
        try:
            with path.open("rb") as file:
                # The supervisor empties a log that grew too long.
                start = known if path.stat().st_size >= known else 0
                file.seek(start)
                data = file.read(_LONGEST_READ)
        except FileNotFoundError:
            return ""
        kept = data if last else data[: data.rfind(b"\n") + 1]
        self._read[path.name] = start + len(kept)
        return kept.decode(errors="replace")
