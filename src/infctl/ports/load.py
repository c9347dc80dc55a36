"""Clients that make traffic, and their own request log."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """What to start: `rate` requests per second over `users` clients of `endpoint` (host:port).

    Every client resolves `endpoint` through the platform's name servers and honours TTLs;
    `timeout` in seconds bounds one request.
    """

    endpoint: str
    users: int
    rate: float
    timeout: float
    log: Path


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request as its client saw it; times in seconds since the epoch."""

    client: str
    started: float
    ended: float
    ok: bool
    status: int
    region: str
    address: str


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
