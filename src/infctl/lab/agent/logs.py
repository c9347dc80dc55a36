"""Reads containers' logs as `kubectl logs` asks for them."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

_BLOCK = 2**16
_FOLLOW_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to show. `since` is a time as it stands in the log."""

    follow: bool = False
    previous: bool = False
    timestamps: bool = False
    tail: int | None = None
    since: str = ""
    limit: int | None = None
    stream: str = ""


def read_wanted(query: Mapping[str, str], now: datetime) -> Wanted:
    """The kubelet's query parameters; ValueError for one that makes no sense."""
    since = ""
    if seconds := query.get("sinceSeconds"):
        since = _log_time(now - timedelta(seconds=_positive(seconds, "sinceSeconds")))
    elif time := query.get("sinceTime"):
        since = _log_time(datetime.fromisoformat(time))
    stream = query.get("stream", "All").lower()
    if stream not in ("all", "stdout", "stderr"):
        raise ValueError(f"stream is All, Stdout or Stderr, not {stream}")
    return Wanted(
        follow=query.get("follow") == "true",
        previous=query.get("previous") == "true",
        timestamps=query.get("timestamps") == "true",
        tail=_positive(query["tailLines"], "tailLines") if "tailLines" in query else None,
        since=since,
        limit=_positive(query["limitBytes"], "limitBytes") if "limitBytes" in query else None,
        stream="" if stream == "all" else stream,
    )


def show_line(line: bytes, wanted: Wanted) -> bytes:
    """A line of a log as people see it; nothing if it is not wanted or no whole one."""
    at, _, rest = line.partition(b" ")
    stream, _, rest = rest.partition(b" ")
    tag, _, text = rest.partition(b" ")
    if not tag or (wanted.stream and stream.decode() != wanted.stream):
        return b""
    if wanted.since and at.decode() < wanted.since:
        return b""
    start = at + b" " if wanted.timestamps else b""
    return start + text + (b"" if tag == b"P" else b"\n")


async def read_log(path: Path, wanted: Wanted, ended: Callable[[], bool]) -> AsyncIterator[bytes]:
    """What is wanted of a log, at most `limit` bytes; followed until `ended`."""
    left = wanted.limit
    async for block in _blocks(path, wanted, ended):
        lines = block.split(b"\n")[:-1]
        shown = b"".join(show_line(line, wanted) for line in lines)[:left]
        if shown:
            yield shown
        if left is not None:
            left -= len(shown)
            if left <= 0:
                return


async def _blocks(path: Path, wanted: Wanted, ended: Callable[[], bool]) -> AsyncIterator[bytes]:
    """Whole lines, several at a time; a log that was rotated is gone on with from its beginning."""
    file = path.open("rb")
    rest = b""
    try:
        file.seek(0 if wanted.tail is None else tail_offset(path, wanted.tail))
        while True:
            # Asked before reading: what was written until then is read for certain.
            is_last, is_rotated = ended(), _is_rotated(path, file.fileno())
            while data := file.read(_BLOCK):
                whole, newline, rest = (rest + data).rpartition(b"\n")
                yield whole + newline
            if wanted.follow and is_rotated:
                file.close()
                file = path.open("rb")
            elif is_last or not wanted.follow:
                return
            else:
                await asyncio.sleep(_FOLLOW_SECONDS)
    finally:
        file.close()


def tail_offset(path: Path, lines: int) -> int:
    """Where the last lines of a file begin."""
    with path.open("rb") as file:
        position = file.seek(0, os.SEEK_END)
        # The newline at the very end begins no line.
        missing = lines + 1
        while position > 0:
            size = min(_BLOCK, position)
            position -= size
            file.seek(position)
            block = file.read(size)
            found = block.count(b"\n")
            if found < missing:
                missing -= found
                continue
            end = len(block)
            for _ in range(missing):
                end = block.rindex(b"\n", 0, end)
            return position + end + 1
    return 0


def _is_rotated(path: Path, descriptor: int) -> bool:
    try:
        return path.stat().st_ino != os.fstat(descriptor).st_ino
    except FileNotFoundError:
        return False


def _log_time(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")


def _positive(text: str, name: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= number < 2**31:
        raise ValueError(f"{name} is a whole number, not {text[:20]}")
    return number
