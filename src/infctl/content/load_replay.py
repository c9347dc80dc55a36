"""What a request log says was sent, to be sent again: by whom, from where, when."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from infctl.content.load_shape import LONGEST_SECONDS
from infctl.errors import ConfigurationError
from infctl.ports.load import RequestRecord

MOST_CLIENTS = 10_000


@dataclass(frozen=True, slots=True)
class Replayed:
    """One client: its country, and its requests in seconds after the first of all."""

    country: str
    at: tuple[float, ...]


def make_schedule(requests: Iterable[RequestRecord], speed: float) -> list[Replayed]:
    """The clients of a log, `speed` times as fast; those beyond 10,000 share clients."""
    known: dict[str, int] = {}
    countries: list[str] = []
    times: list[list[float]] = []
    ordered = sorted(requests, key=lambda record: record.started)
    if not ordered:
        raise ConfigurationError("the log to replay holds no request", unchanged="nothing was sent")
    first = ordered[0].started
    if (ordered[-1].started - first) / speed > LONGEST_SECONDS:
        raise ConfigurationError("the log to replay takes more than seven days", hint="--speed")
    for record in ordered:
        number = known.setdefault(record.client, len(known)) % MOST_CLIENTS
        if number == len(times):
            times.append([])
            countries.append(record.country)
        times[number].append(round((record.started - first) / speed, 4))
    return [Replayed(c, tuple(at)) for c, at in zip(countries, times, strict=True)]


def write_schedule(path: Path, schedule: Iterable[Replayed]) -> None:
    """Write a schedule for the clients' processes."""
    path.write_text(json.dumps([asdict(client) for client in schedule]))


def read_schedule(path: Path) -> list[Replayed]:
    """Read a schedule."""
    return [Replayed(c["country"], tuple(c["at"])) for c in json.loads(path.read_text())]
