"""What a process of clients is told to do: plain JSON."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Order:
    """`rate` requests per second in all from `users` clients of http://`host`:`port``path`.

    `name` begins every client's name. `timeout` bounds one request, in seconds. Clients start over
    the shorter of the TTL and `spread` seconds. Without a touch of `lease` for `lease_seconds` they
    stop by themselves. `body` is a file to send, empty for a row of our own.
    """

    host: str
    port: int
    users: int
    rate: float
    timeout: float
    log: str
    lease: str
    resolver_address: str
    resolver_port: int
    name: str = "client"
    path: str = "/v2/models/digits/infer"
    body: str = ""
    spread: float = 10.0
    lease_seconds: float = 24.0


def write_order(path: Path, order: Order) -> None:
    """Write an order."""
    path.write_text(json.dumps(asdict(order)))


def read_order(path: Path) -> Order:
    """Read an order."""
    return Order(**json.loads(path.read_text()))
