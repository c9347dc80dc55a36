"""`infctl lab status -w`: what one screen shows, and the keys on a real terminal."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from infctl.commands.lab_watch import draw

LONG = "I0101 reflector.go:1 " + "very long words " * 20


def part(name: str, state: str = "ready", last: str = LONG) -> dict[str, Any]:
    return {
        "name": name,
        "region": "us-east-1",
        "pid": 12345,
        "address": "127.16.1.22:10257",
        "state": state,
        "reason": "" if state == "ready" else "ended by SIGKILL",
        "since": 0.0,
        "rss_bytes": 50 << 20,
        "last_log": last,
        "detail": "",
        "log": "/l",
    }


def status(count: int, **others: str) -> dict[str, Any]:
    parts = [part(f"controller-manager-ap-south-{n}") for n in range(count)]
    parts += [part(name, state) for name, state in others.items()]
    supervisor = {"pid": 1, "rss_bytes": 1 << 20}
    return {
        "name": "lab",
        "regions": ["us-east-1"],
        "parts": parts,
        "pods": {"us-east-1": [{"pid": 7, "rss_bytes": 1 << 20}]},
        "supervisor": supervisor,
    }


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (120, 24), (200, 60)])
def test_a_screen_never_grows_beyond_the_terminal(size: tuple[int, int]) -> None:
    for first in (0, 3, 33, 10_000, -5):
        screen = draw(status(33), 2386, size, first)
        assert len(screen.lines) <= size[1]
        assert max(map(len, screen.lines)) <= size[0]
        assert "\x1b" not in "".join(screen.lines)


def test_80_columns_show_pid_address_health_memory_and_last_words_of_every_part() -> None:
    seen, first = "", 0
    while True:
        screen = draw(status(33), 2386, (80, 24), first)
        seen += "\n".join(screen.lines)
        if screen.first + screen.shown == screen.parts:
            break
        first = screen.first + screen.shown
    for number in range(33):
        assert f"controller-manager-ap-south-{number} " in seen
    assert "12345  127.16.1.22:10257  50\n  I0101 reflector.go:1 very long" in seen
    assert "33 ready; 2386 MB" in seen
    assert "25-35 of 35" in seen


def test_parts_that_are_not_ready_come_first_with_their_reason() -> None:
    screen = draw(status(33, dns="dead"), 1, (80, 24), 0)
    assert screen.lines[2].split()[:2] == ["dns", "dead"]
    assert screen.lines[3] == "  ended by SIGKILL"
    assert "1 dead, 33 ready" in screen.lines[0]


def test_a_small_lab_fits_on_one_screen_and_does_not_scroll() -> None:
    screen = draw(status(2), 1, (80, 24), 99)
    assert (screen.first, screen.shown, screen.parts) == (0, 4, 4)


PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from test_lab_watch import status
from infctl.commands.lab_watch import watch
watch(lambda: (status(33), 1))
"""


@pytest.mark.parametrize("ending", ["q", "signal"])
def test_keys_scroll_and_the_terminal_is_as_it_was(ending: str) -> None:
    import termios

    main, side = pty.openpty()
    before = termios.tcgetattr(side)
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, os.path.dirname(__file__)],  # noqa: PTH120
        stdin=side,
        stdout=side,
        env={**os.environ, "COLUMNS": "80", "LINES": "24"},
    )
    read_until(main, b"1-10 of 35")
    os.write(main, b" ")
    read_until(main, b"11-20 of 35")
    os.write(main, b"\x1b[A")
    read_until(main, b"1-10 of 35")
    if ending == "q":
        os.write(main, b"q")
    else:
        process.send_signal(signal.SIGINT)
    process.wait(10)
    assert termios.tcgetattr(side) == before
    os.close(main)
    os.close(side)


def read_until(descriptor: int, wanted: bytes) -> None:
    seen, deadline = b"", time.monotonic() + 10
    while wanted not in seen:
        assert time.monotonic() < deadline, seen[-500:]
        if select.select([descriptor], [], [], 0.2)[0]:
            seen += os.read(descriptor, 65536)
