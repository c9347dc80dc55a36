"""What a process of clients is told to do: plain JSON."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from infctl.ports.load import STEADY, Shape

ALONE = "alone"
MASTER = "master"
WORKER = "worker"


@dataclass(frozen=True, slots=True)
class Order:
    """`rate` requests per second in all from `users` clients of http://`host`:`port``path`.

    `name` begins every client's name. `timeout` bounds one request, in seconds. Clients start over
    the shorter of the TTL and `spread` seconds. Without a touch of `lease` for `lease_seconds`, or
    after `seconds` (0: never), they stop by themselves. `body` is a file to send, empty for a row
    of our own. `countries` has each country's share, `subnets` where its clients ask from.
    `schedule` is what a replay sends.

    In a load of several processes one is the `master`, which writes its port to `meeting`, and
    `workers` others carry the clients; `rate`, `users` and `countries` are those of all together.
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
    seconds: float = 0.0
    shape: Shape = STEADY
    countries: tuple[tuple[str, float], ...] = ()
    subnets: tuple[tuple[str, str], ...] = ()
    schedule: str = ""
    role: str = ALONE
    workers: int = 1
    meeting: str = ""


def write_order(path: Path, order: Order) -> None:
    """Write an order."""
    path.write_text(json.dumps(asdict(order)))


def read_order(path: Path) -> Order:
    """Read an order."""
    data = json.loads(path.read_text())
    data["shape"] = Shape(**data["shape"])
    for name in ("countries", "subnets"):
        data[name] = tuple((str(key), value) for key, value in data[name])
    return Order(**data)
