"""`infctl lab status -w` on a terminal: a screen that is written anew, and scrolls by keys."""

import os
import select
import shutil
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from infctl.commands import lab_rows
from infctl.commands.output import table, write

REFRESH_SECONDS = 2.0
_WIDE_COLUMNS = 120
_FORWARD = (" ", "j", "\x1b[B", "\x1b[6~")
_BACK = ("b", "k", "\x1b[A", "\x1b[5~")
_END = ("q", "\x04")


@dataclass(frozen=True, slots=True)
class Screen:
    """What one look shows: the lines, how many parts they hold and of how many."""

    lines: tuple[str, ...]
    first: int
    shown: int
    parts: int


def draw(status: Mapping[str, Any], megabytes: int, size: tuple[int, int], first: int) -> Screen:
    """A screen of `size` columns and lines from part number `first` on; pure.

    Parts that are not ready come first. Below 120 columns each has its last words under it.
    """
    width, height = size
    rows = sorted(lab_rows.make_rows(status), key=_is_well)
    blocks = _blocks(rows, width)
    room = height - 3
    last_start = len(rows)
    used = 0
    while last_start and used + len(blocks[last_start]) <= room:
        used += len(blocks[last_start])
        last_start -= 1
    first = max(0, min(first, last_start))
    lines: list[str] = []
    shown = 0
    for block in blocks[first + 1 :]:
        if len(lines) + len(block) > room:
            break
        lines += block
        shown += 1
    head = [_summary(status, megabytes)[:width], *blocks[0]]
    foot = f"{first + 1}-{first + shown} of {len(rows)}; space and b scroll, q ends"
    return Screen((*head, *lines, foot[:width]), first, shown, len(rows))


def _is_well(row: Mapping[str, Any]) -> bool:
    return bool(row["state"] == "ready" or row["name"].startswith("pods-"))


def _blocks(rows: Sequence[dict[str, Any]], width: int) -> list[list[str]]:
    """The headings, then each part's one line or two."""
    if width >= _WIDE_COLUMNS:
        return [[line] for line in table(rows, lab_rows.COLUMNS, width).splitlines()]
    head, *lines = table(rows, lab_rows.SHORT, width).splitlines()
    # A table never cuts its first column, and here there is but one.
    words = [line[: width - 2] for line in table(rows, [lab_rows.LAST]).splitlines()[1:]]
    pairs = zip(lines, words, strict=True)
    return [[head], *([line, f"  {said}"] if said != "-" else [line] for line, said in pairs)]


def _summary(status: Mapping[str, Any], megabytes: int) -> str:
    states: dict[str, int] = {}
    for part in status["parts"]:
        states[part["state"]] = states.get(part["state"], 0) + 1
    told = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    at = time.strftime("%H:%M:%S")
    return f"lab {status['name']} at {at}: {told or 'no parts'}; {megabytes} MB"


def watch(read: Callable[[], tuple[Mapping[str, Any], int]]) -> None:
    """Show what `read` gives (the status and the memory in MB) until q or Ctrl-C."""
    first = 0
    with _keys() as next_key:
        while True:
            status, megabytes = read()
            end = time.monotonic() + REFRESH_SECONDS
            while (left := end - time.monotonic()) > 0:
                size = shutil.get_terminal_size()
                screen = draw(status, megabytes, (size.columns, size.lines), first)
                write("\x1b[H" + "\x1b[K\n".join(screen.lines) + "\x1b[K\x1b[J")
                key = next_key(left)
                if key in _END:
                    write("\n")
                    return
                step = screen.shown * (key in _FORWARD) - screen.shown * (key in _BACK)
                first = screen.first + step


def _no_key(seconds: float) -> str:
    time.sleep(seconds)
    return ""


@contextmanager
def _keys() -> Iterator[Callable[[float], str]]:
    """Read keys as they are typed; the terminal is as it was afterwards."""
    write("\x1b[2J")
    if not sys.stdin.isatty():
        yield _no_key
        return
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor)

    def next_key(seconds: float) -> str:
        if not select.select([descriptor], [], [], seconds)[0]:
            return ""
        data = os.read(descriptor, 16)
        # A terminal that is gone reads as its end.
        return data.decode(errors="replace") if data else "q"

    try:
        yield next_key
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
