"""Starts and stops processes of Locust clients, and reads their log."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from infctl.clients import load_processes as files
from infctl.clients.processes import wait_gone
from infctl.content.load_log import LogReader
from infctl.content.load_order import ALONE, MASTER, WORKER, Order, write_order
from infctl.content.load_replay import make_schedule, write_schedule
from infctl.content.load_table import read_requests
from infctl.errors import ConfigurationError, InfctlError
from infctl.ports.load import LoadRequest, RequestRecord, Resolution

HEARTBEAT_SECONDS = 5.0
START_SECONDS = 20.0
GRACE_SECONDS = 5.0
LEASE_SECONDS = 24.0


class LocustLoad:
    """Clients in processes of their own; the id of a load is the file that names its processes.

    `resolver` is the address and port of the name server that clients ask, `subnets` where a
    country's clients ask from. The processes end by themselves within 30 s when neither `start`'s
    process nor a reader of the log touches the lease; a load that ends after some time lives that
    long by itself.
    """

    def __init__(self, resolver: tuple[str, int], subnets: Mapping[str, str] | None = None) -> None:
        self._resolver = resolver
        self._subnets = dict(subnets or {})
        self._readers: dict[Path, LogReader] = {}
        self._heartbeats: dict[str, asyncio.Task[None]] = {}

    async def start(self, request: LoadRequest) -> str:
        """Start clients, or find those that run for this log already."""
        record, lease = files.record_of(request.log), files.lease_of(request.log)
        self._check(request)
        running = [p for p in files.read_record(record) if p.is_alive()]
        _touch(lease)
        if not running:
            started = [self._spawn(request, order) for order in self._orders(request)]
            files.write_record(record, started)
            await self._wait_started(request.log, started)
        if not request.seconds:
            self._keep(str(record), lease)
        return str(record)

    async def stop(self, load_id: str) -> None:
        """SIGTERM, then SIGKILL for what remains; the log is complete afterwards."""
        heartbeat = self._heartbeats.pop(load_id, None)
        if heartbeat is not None:
            heartbeat.cancel()
        record = Path(load_id)
        processes = files.read_record(record)
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
            os.utime(files.lease_of(log))
        return self._readers.setdefault(log, LogReader(log))

    def _check(self, request: LoadRequest) -> None:
        unknown = [code for code, _ in request.countries if code not in self._subnets]
        if unknown:
            raise ConfigurationError(
                f"where clients in {', '.join(unknown[:5])} ask from is not known",
                hint="name a network of each country under `clients` in the access file",
                unchanged="no traffic was sent",
            )

    def _orders(self, request: LoadRequest) -> list[Order]:
        """One for each process: alone, or a master and its workers."""
        order = self._order(request)
        if request.shape.kind == "replay":
            schedule = make_schedule(read_requests(Path(request.shape.source)), request.shape.speed)
            path = files.schedule_of(request.log)
            write_schedule(path, schedule)
            order = replace(order, schedule=str(path), users=len(schedule))
        if request.workers == 1:
            return [order]
        meeting = files.meeting_of(request.log)
        _forget(meeting)
        order = replace(order, workers=request.workers, meeting=str(meeting), role=WORKER)
        workers = [replace(order, name=f"client-{n}") for n in range(request.workers)]
        return [replace(order, role=MASTER, name="master"), *workers]

    def _order(self, request: LoadRequest) -> Order:
        host, port = request.endpoint.rsplit(":", 1)
        # A replayed log may name countries that nobody places; their clients are where we are.
        return Order(
            host=host,
            port=int(port),
            users=request.users,
            rate=request.rate,
            timeout=request.timeout,
            log=str(request.log),
            lease=str(files.lease_of(request.log)),
            lease_seconds=LEASE_SECONDS + request.seconds,
            seconds=request.seconds,
            resolver_address=self._resolver[0],
            resolver_port=self._resolver[1],
            name="client-0",
            shape=request.shape,
            countries=request.countries,
            subnets=tuple(self._subnets.items()),
            role=ALONE,
        )

    def _spawn(self, request: LoadRequest, order: Order) -> subprocess.Popen[bytes]:
        path = files.order_of(request.log, order.name)
        write_order(path, order)
        return files.spawn(path, files.output_of(request.log))

    async def _wait_started(self, log: Path, started: list[subprocess.Popen[bytes]]) -> None:
        """Until the log exists, which the clients make when they begin."""
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        while not _exists(log):
            dead = [p for p in started if p.poll() is not None]
            if dead or asyncio.get_running_loop().time() >= deadline:
                await self.stop(str(files.record_of(log)))
                raise InfctlError(
                    f"the load's clients did not start: {files.last_line(files.output_of(log))}",
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


def _forget(path: Path) -> None:
    path.unlink(missing_ok=True)
