"""Locust runs the clients: each at its pace, a start spread in time, an end in good order."""

import itertools
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from infctl.content.load_log import request_line, resolution_line
from infctl.content.load_order import MASTER, Order
from infctl.content.load_replay import Replayed, read_schedule
from infctl.content.load_shape import apportion
from infctl.drills.load import pace, roles
from infctl.drills.load.body import make_body
from infctl.drills.load.client import Client
from infctl.drills.load.resolution import CachedName, Resolve

Ask = Callable[[str, str], tuple[tuple[str, ...], float]]
"""From a name and the asking client's subnet (empty: this machine's) to addresses and TTL."""
Write = Callable[[str], None]


def run(order: Order, ask: Ask) -> None:
    """Run clients until SIGTERM or until the lease ran out; the log is complete on return."""
    # Importing locust patches the standard library for gevent; only ever in a process of its own.
    import gevent
    from locust.env import Environment

    log = os.open(order.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    crew = Crew(order, ask, _writer(log))
    environment = Environment(user_classes=[_user_class(crew)], stop_timeout=order.timeout + 1)
    runner = crew.runner = roles.make_runner(order, environment)
    try:
        roles.start(order, runner)
        roles.wait_for_the_end(order, runner, gevent)
    finally:
        runner.quit()
        os.close(log)


def _writer(descriptor: int) -> Write:
    """A line is one write to a file opened for appending, so processes may share the log."""

    def write(line: str) -> None:
        os.write(descriptor, line.encode())

    return write


class Crew:
    """What the clients of this process have in common; hands out the next client."""

    def __init__(self, order: Order, ask: Ask, write: Write) -> None:
        self.order = order
        self.runner: Any = None
        self._ask = ask
        self._write = write
        self._counter = itertools.count()
        self._body = Path(order.body).read_bytes() if order.body else make_body()
        self._schedule = read_schedule(Path(order.schedule)) if order.schedule else []
        self._countries = _countries_of(order, self._schedule)
        self._subnets = dict(order.subnets)
        self._began: float | None = None
        is_asking = order.role != MASTER and not order.schedule
        self._delays = start_delays(order, self._resolver("")) if is_asking else []

    def elapsed(self) -> float:
        """Seconds since the first client of this process was made."""
        if self._began is None:
            self._began = time.monotonic()
        return time.monotonic() - self._began

    def next(self) -> tuple[Client, pace.Pace]:
        """The next client and its pace."""
        self.elapsed()
        count = next(self._counter)
        number = roles.number_of(self.order, self.runner, count)
        if number >= len(self._countries):
            return self._client(number, ""), pace.Idle()
        client = self._client(number, self._countries[number])
        if self._schedule:
            return client, pace.Repeated(self._schedule[number], self.elapsed)
        return client, pace.Paced(self.order, self.elapsed, self._delays[number])

    def _client(self, number: int, country: str) -> Client:
        name = f"{self.order.name}-{number}"
        cached = CachedName(
            client=name,
            name=self.order.host,
            resolve=self._resolver(country),
            now=time.monotonic,
            wall=time.time,
            note=lambda resolution: self._write(resolution_line(resolution)),
        )
        return Client(
            name,
            cached,
            self.order,
            self._body,
            lambda record, request_id: self._write(request_line(record, request_id)),
            country=country,
        )

    def _resolver(self, country: str) -> Resolve:
        subnet = self._subnets.get(country, "")
        return lambda name: self._ask(name, subnet)


def _countries_of(order: Order, schedule: list[Replayed]) -> list[str]:
    if schedule:
        return [client.country for client in schedule]
    return apportion(order.users, order.countries)


def _user_class(crew: Crew) -> type[Any]:
    from gevent.event import Event
    from locust import User, task

    class Caller(User):
        """One client."""

        def on_start(self) -> None:
            """Be somebody."""
            self.caller, self.pace = crew.next()
            self.has_waited = False

        def wait_time(self) -> float:
            """Until its pace lets it send."""
            seconds = self.pace.wait()
            self.has_waited = True
            if seconds is None:
                # Only the end of the load ends this.
                Event().wait()
            return seconds or 0.0

        @task
        def infer(self) -> None:
            """One request; Locust sends first and waits then, and we wait for our turn."""
            if not self.has_waited:
                return
            record = self.caller.send()
            self.environment.events.request.fire(
                request_type="POST",
                name=crew.order.path,
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
