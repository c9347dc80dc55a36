"""Locust runs the clients: a constant rate in all, a start spread in time, an end in good order."""

import itertools
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from infctl.content.load_log import request_line, resolution_line
from infctl.content.load_order import Order
from infctl.drills.load.body import make_body
from infctl.drills.load.client import Client
from infctl.drills.load.resolution import CachedName, Resolve

LEASE_LOOK_SECONDS = 2.0


def run(order: Order, resolve: Resolve) -> None:
    """Run clients until SIGTERM or until the lease ran out; the log is complete on return."""
    # Importing locust patches the standard library for gevent; only ever in a process of its own.
    import gevent
    from locust.env import Environment

    log = os.open(order.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    write = _writer(log)
    environment = Environment(
        user_classes=[_user_class(order, resolve, write)], stop_timeout=order.timeout + 1
    )
    runner = environment.create_local_runner()
    try:
        runner.start(order.users, spawn_rate=order.users)
        _wait_for_the_end(order, gevent)
    finally:
        runner.quit()
        os.close(log)


def _writer(descriptor: int) -> Callable[[str], None]:
    """A line is one write to a file opened for appending, so processes may share the log."""

    def write(line: str) -> None:
        os.write(descriptor, line.encode())

    return write


def _user_class(order: Order, resolve: Resolve, write: Callable[[str], None]) -> type[Any]:
    from gevent import sleep
    from locust import User, constant_throughput, task

    numbers = itertools.count()
    body = Path(order.body).read_bytes() if order.body else make_body()
    delays = start_delays(order, resolve)

    class Caller(User):
        """One client."""

        wait_time = constant_throughput(order.rate / order.users)

        def on_start(self) -> None:
            """Resolve, then wait for our turn, so that TTLs do not all run out at once."""
            number = next(numbers)
            name = f"{order.name}-{number}"
            sleep(delays[number % len(delays)])
            cached = CachedName(
                client=name,
                name=order.host,
                resolve=resolve,
                now=time.monotonic,
                wall=time.time,
                note=lambda resolution: write(resolution_line(resolution)),
            )
            self.caller = Client(name, cached, order, body, lambda r, i: write(request_line(r, i)))

        @task
        def infer(self) -> None:
            """One request."""
            record = self.caller.send()
            self.environment.events.request.fire(
                request_type="POST",
                name=order.path,
                response_time=(record.ended - record.started) * 1000,
                response_length=0,
                exception=None if record.ok else RuntimeError(str(record.status)),
                context={},
            )

        def on_stop(self) -> None:
            """Close the connection."""
            self.caller.close()

    return Caller


def start_delays(order: Order, resolve: Resolve) -> list[float]:
    """When each client starts, in seconds: evenly over the shorter of the TTL and the spread.

    The name is asked for once, before any client runs: clients that start together would go on
    asking together, since their TTLs run out at the same moment.
    """
    try:
        _, ttl = resolve(order.host)
    except OSError:
        ttl = 0.0
    over = min(ttl, order.spread)
    return [number * over / order.users for number in range(order.users)]


def _wait_for_the_end(order: Order, gevent: Any) -> None:
    """Until SIGTERM or SIGINT, or until nobody wanted us for as long as the lease says."""
    import signal

    from gevent.event import Event

    ended = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(number, ended.set)
    while not ended.wait(LEASE_LOOK_SECONDS):
        if lease_age(Path(order.lease)) > order.lease_seconds:
            return


def lease_age(lease: Path) -> float:
    """Seconds since the lease was touched; a lease that is gone is out."""
    try:
        return time.time() - lease.stat().st_mtime
    except FileNotFoundError:
        return float("inf")
