"""The files beside a request log that name its clients' processes, and those processes' start."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from infctl.clients.processes import Process, find

_ENVIRONMENT = ("PATH", "HOME", "LANG", "PYTHONPATH", "VIRTUAL_ENV", "TMPDIR")


def record_of(log: Path) -> Path:
    """What names the processes; its path is the load's id."""
    return log.with_name(f"{log.name}.processes.json")


def lease_of(log: Path) -> Path:
    """What somebody touches for as long as the clients are wanted."""
    return log.with_name(f"{log.name}.lease")


def output_of(log: Path) -> Path:
    """What the processes themselves say."""
    return log.with_name(f"{log.name}.out")


def order_of(log: Path, name: str) -> Path:
    """What a process is told to do."""
    return log.with_name(f"{log.name}.order-{name}.json")


def schedule_of(log: Path) -> Path:
    """What a replay sends."""
    return log.with_name(f"{log.name}.schedule.json")


def meeting_of(log: Path) -> Path:
    """Where the master writes its port."""
    return log.with_name(f"{log.name}.master")


def spawn(order: Path, output: Path) -> subprocess.Popen[bytes]:
    """Start a process of clients, which outlives us until its lease is out."""
    environment = {k: os.environ[k] for k in _ENVIRONMENT if k in os.environ}
    with output.open("ab") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "infctl.executor.load", "--request", str(order)],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
            env=environment,
        )


def write_record(record: Path, started: Sequence[subprocess.Popen[bytes]]) -> None:
    """Name the processes, in one step."""
    found = [process for p in started if (process := find(p.pid)) is not None]
    temporary = record.with_suffix(".new")
    temporary.write_text(json.dumps([[p.pid, p.started] for p in found]))
    temporary.replace(record)


def read_record(record: Path) -> list[Process]:
    """The processes of a load; none where nobody named any."""
    try:
        return [Process(int(pid), int(started)) for pid, started in json.loads(record.read_text())]
    except (OSError, ValueError, TypeError):
        return []


def last_line(path: Path) -> str:
    """The last words of the processes."""
    try:
        lines = path.read_text(errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1][:200] if lines else "they said nothing"
