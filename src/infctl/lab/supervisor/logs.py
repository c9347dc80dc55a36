"""Log files: opened for appending, kept below a size, and their last lines."""

import os
from pathlib import Path

LIMIT_BYTES = 8 * 2**20
_TAIL_BYTES = 16 * 2**10
_LINE_CHARACTERS = 300


def open_log(path: Path) -> int:
    """A descriptor that appends to a log of mode 0600."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def limit(path: Path, size: int = LIMIT_BYTES) -> None:
    """Move a log that grew beyond `size` bytes to NAME.log.1 and empty it in place.

    Its writer goes on appending to the same file.
    """
    try:
        if path.stat().st_size <= size:
            return
        with path.open("rb") as file:
            file.seek(-size // 2, os.SEEK_END)
            kept = file.read()
        path.with_name(path.name + ".1").write_bytes(kept)
        os.truncate(path, 0)
    except OSError:
        return


def tail(path: Path, lines: int = 1) -> list[str]:
    """The last lines that say something, without control characters."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - max(_TAIL_BYTES, lines * _LINE_CHARACTERS)))
            text = file.read().decode(errors="replace")
    except OSError:
        return []
    said = [line for line in text.splitlines() if line.strip()]
    return [_printable(line)[:_LINE_CHARACTERS] for line in said[-lines:]]


def _printable(line: str) -> str:
    return "".join(c if c.isprintable() else " " for c in line).strip()
