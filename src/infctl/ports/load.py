"""Clients that make traffic, and their own request log."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Shape:
    """How the rate moves; seconds count from the load's start, rates are requests per second.

    `steady`: the load's rate. `ramp`: from the load's rate to `peak` in `over` seconds, from
    `after` on, and then `peak`. `spike`: `peak` for `over` seconds, from `after` on. `diurnal`:
    a day of `over` seconds between the load's rate and `peak`. `replay`: what the request log
    `source` holds, `speed` times as fast, with its clients and countries.
    """

    kind: str = "steady"
    peak: float = 0.0
    after: float = 0.0
    over: float = 0.0
    source: str = ""
    speed: float = 1.0


STEADY = Shape()


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """What to start: `rate` requests per second over `users` clients of `endpoint` (host:port).

    Every client resolves `endpoint` through the platform's name servers and honours TTLs;
    `timeout` in seconds bounds one request. `countries` are codes with their shares of the
    clients, of any sum; without any, clients are where this machine is. More than one of
    `workers` are processes behind a master. After `seconds` clients end by themselves (0: never).
    """

    endpoint: str
    users: int
    rate: float
    timeout: float
    log: Path
    shape: Shape = STEADY
    countries: tuple[tuple[str, float], ...] = ()
    workers: int = 1
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request as its client saw it; times in seconds since the epoch.

    `country` is the client's, `model` the version of the model that answered; empty where unknown.
    """

    client: str
    started: float
    ended: float
    ok: bool
    status: int
    region: str
    address: str
    country: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Resolution:
    """A client's question to the name servers: what it got, for `ttl` seconds from `at`.

    `at` is in seconds since the epoch; without an answer `addresses` is empty.
    """

    client: str
    at: float
    addresses: tuple[str, ...]
    ttl: float


class Load(Protocol):
    """Locust in processes of its own."""

    async def start(self, request: LoadRequest) -> str:
        """Start clients; returns an id with which any process can stop them."""

    async def stop(self, load_id: str) -> None:
        """Stop clients and wait until their log is complete; unknown ids are stopped."""

    def read(self, log: Path) -> list[RequestRecord]:
        """The log so far, whole lines only, in the order of `ended`."""
