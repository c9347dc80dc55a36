"""The folder of a recording: files that only its owner reads, and a bound on all together."""

import os
from pathlib import Path

from infctl.lab.errors import LabError


class Full(LabError):
    """The recording reached its bound."""


class Folder:
    """Appends to files below one folder, until `limit` bytes are written in all."""

    def __init__(self, path: Path, limit: int) -> None:
        self.path = path
        self._left = limit
        self._limit = limit

    def make(self) -> None:
        """Make the folder; LabError where something is there already."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            is_empty = not any(self.path.iterdir())
        except OSError as error:
            raise LabError(f"{self.path} cannot be made: {error.strerror}") from error
        if not is_empty:
            raise LabError(f"{self.path} is not empty", "infctl lab record ANOTHER-DIR")

    def append(self, name: str, text: str) -> None:
        """Append to a file; Full, and nothing is written, where it would be too much."""
        data = text.encode()
        if len(data) > self._left:
            raise Full(f"the recording reached its bound of {self._limit >> 20} MB")
        self._left -= len(data)
        path = self.path / name
        # With `parents` only the last folder would be of that mode.
        for parent in reversed(Path(name).parents):
            (self.path / parent).mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
