"""Starts and stops processes of Locust clients, and reads their log."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from infctl.clients.processes import Process, find, wait_gone
from infctl.content.load_log import LogReader
from infctl.content.load_order import Order, write_order
from infctl.errors import InfctlError
from infctl.ports.load import LoadRequest, RequestRecord, Resolution

HEARTBEAT_SECONDS = 5.0
START_SECONDS = 20.0
GRACE_SECONDS = 5.0
_ENVIRONMENT = ("PATH", "HOME", "LANG", "PYTHONPATH", "VIRTUAL_ENV", "TMPDIR")


class LocustLoad:
    """Clients in processes of their own; the id of a load is the file that names its processes.

    `resolver` is the address and port of the name server that clients ask. The processes end by
    themselves within 30 s when neither `start`'s process nor a reader of the log touches the lease.
    """

    def __init__(self, resolver: tuple[str, int], *, workers: int = 1) -> None:
        self._resolver = resolver
        self._workers = workers
        self._readers: dict[Path, LogReader] = {}
        self._heartbeats: dict[str, asyncio.Task[None]] = {}

    async def start(self, request: LoadRequest) -> str:
        """Start clients, or find those that run for this log already."""
        record = _record_of(request.log)
        running = [p for p in _read_record(record) if p.is_alive()]
        _touch(_lease_of(request.log))
        if not running:
            started = [self._spawn(request, number) for number in range(self._workers)]
            _write_record(record, started)
            await self._wait_started(request.log, started)
        self._keep(str(record), _lease_of(request.log))
        return str(record)

    async def stop(self, load_id: str) -> None:
        """SIGTERM, then SIGKILL for what remains; the log is complete afterwards."""
        heartbeat = self._heartbeats.pop(load_id, None)
        if heartbeat is not None:
            heartbeat.cancel()
        record = Path(load_id)
        processes = _read_record(record)
        for process in processes:
            process.send(signal.SIGTERM)
        if not await wait_gone(processes, GRACE_SECONDS):
            for process in processes:
                process.send(signal.SIGKILL)
            await wait_gone(processes, GRACE_SECONDS)
        _forget(record)

    def read(self, log: Path) -> list[RequestRecord]:
        """The requests so far; reading keeps the clients alive."""
        return self._reader(log).requests()

    def resolutions(self, log: Path) -> list[Resolution]:
        """The resolutions so far."""
        return self._reader(log).resolutions()

    def _reader(self, log: Path) -> LogReader:
        # A run that was resumed by another process has no heartbeat, but it reads.
        with contextlib.suppress(OSError):
            os.utime(_lease_of(log))
        return self._readers.setdefault(log, LogReader(log))

    def _spawn(self, request: LoadRequest, number: int) -> subprocess.Popen[bytes]:
        order = request.log.with_name(f"{request.log.name}.order-{number}.json")
        write_order(order, self._order(request, number))
        environment = {k: os.environ[k] for k in _ENVIRONMENT if k in os.environ}
        with _output_of(request.log).open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "infctl.executor.load", "--request", str(order)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env=environment,
            )

    def _order(self, request: LoadRequest, number: int) -> Order:
        host, port = request.endpoint.rsplit(":", 1)
        share, rest = divmod(request.users, self._workers)
        users = share + (number < rest)
        return Order(
            host=host,
            port=int(port),
            users=users,
            rate=request.rate * users / request.users,
            timeout=request.timeout,
            log=str(request.log),
            lease=str(_lease_of(request.log)),
            resolver_address=self._resolver[0],
            resolver_port=self._resolver[1],
            name=f"client-{number}",
        )

    async def _wait_started(self, log: Path, started: list[subprocess.Popen[bytes]]) -> None:
        """Until the log exists, which the clients make when they begin."""
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        while not _exists(log):
            dead = [p for p in started if p.poll() is not None]
            if dead or asyncio.get_running_loop().time() >= deadline:
                await self.stop(str(_record_of(log)))
                raise InfctlError(
                    f"the load's clients did not start: {_last_line(_output_of(log))}",
                    hint="infctl doctor",
                    unchanged="no traffic was sent",
                )
            await asyncio.sleep(0.1)

    def _keep(self, load_id: str, lease: Path) -> None:
        if load_id not in self._heartbeats:
            self._heartbeats[load_id] = asyncio.create_task(_beat(lease))


async def _beat(lease: Path) -> None:
    while True:
        _touch(lease)
        await asyncio.sleep(HEARTBEAT_SECONDS)


def _touch(path: Path) -> None:
    path.touch()


def _exists(path: Path) -> bool:
    return path.exists()


def _forget(record: Path) -> None:
    record.unlink(missing_ok=True)


def _record_of(log: Path) -> Path:
    return log.with_name(f"{log.name}.processes.json")


def _lease_of(log: Path) -> Path:
    return log.with_name(f"{log.name}.lease")


def _output_of(log: Path) -> Path:
    return log.with_name(f"{log.name}.out")


def _write_record(record: Path, started: list[subprocess.Popen[bytes]]) -> None:
    found = [process for p in started if (process := find(p.pid)) is not None]
    temporary = record.with_suffix(".new")
    temporary.write_text(json.dumps([[p.pid, p.started] for p in found]))
    temporary.replace(record)


def _read_record(record: Path) -> list[Process]:
    try:
        return [Process(int(pid), int(started)) for pid, started in json.loads(record.read_text())]
    except (OSError, ValueError, TypeError):
        return []


def _last_line(path: Path) -> str:
    try:
        lines = path.read_text(errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1][:200] if lines else "they said nothing"
