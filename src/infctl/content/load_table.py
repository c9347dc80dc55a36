"""A request log as a SQLite file, for anybody's queries."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from infctl.content.load_log import check_log, is_sound, read_records
from infctl.errors import ConfigurationError, InfctlError
from infctl.ports.load import RequestRecord, Resolution

_MAGIC = b"SQLite format 3\0"
_SCHEMA = """
CREATE TABLE requests (
    client TEXT NOT NULL, country TEXT NOT NULL,
    started REAL NOT NULL, ended REAL NOT NULL, latency_ms REAL NOT NULL,
    ok INTEGER NOT NULL, status INTEGER NOT NULL,
    region TEXT NOT NULL, model TEXT NOT NULL, address TEXT NOT NULL
) STRICT;
CREATE TABLE resolutions (
    client TEXT NOT NULL, at REAL NOT NULL, addresses TEXT NOT NULL, ttl REAL NOT NULL
) STRICT;
"""
_READ = (
    "SELECT client, started, ended, ok, status, region, address, country, model"
    " FROM requests ORDER BY started"
)
Record = RequestRecord | Resolution


def write_table(log: Path, path: Path) -> int:
    """Write a log as SQLite, replacing `path` in one step; returns how many requests it holds."""
    check_log(log)
    temporary = path.with_name(f"{path.name}.new")
    temporary.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(temporary)) as connection:
            connection.executescript(_SCHEMA)
            with connection:
                count = _insert(connection, read_records(log))
                connection.execute("CREATE INDEX requests_ended ON requests (ended)")
        temporary.replace(path)
    except sqlite3.Error as error:
        temporary.unlink(missing_ok=True)
        raise InfctlError(f"{path} cannot be written: {error}") from None
    return count


def _insert(connection: sqlite3.Connection, records: Iterable[Record]) -> int:
    count = 0
    for record in records:
        if isinstance(record, RequestRecord):
            count += 1
            connection.execute("INSERT INTO requests VALUES (?,?,?,?,?,?,?,?,?,?)", _row(record))
        else:
            row = (record.client, record.at, " ".join(record.addresses), record.ttl)
            connection.execute("INSERT INTO resolutions VALUES (?,?,?,?)", row)
    return count


def _row(record: RequestRecord) -> tuple[object, ...]:
    took = round((record.ended - record.started) * 1000, 3)
    return (
        *(record.client, record.country, record.started, record.ended, took),
        *(int(record.ok), record.status, record.region, record.model, record.address),
    )


def read_requests(path: Path) -> list[RequestRecord]:
    """The requests of a log, as its processes write it or as SQLite."""
    check_log(path)
    with path.open("rb") as file:
        is_table = file.read(len(_MAGIC)) == _MAGIC
    if not is_table:
        return [r for r in read_records(path) if isinstance(r, RequestRecord)]
    try:
        found = list(_read_table(path))
    except (sqlite3.Error, TypeError, ValueError):
        found = []
    if not found or not all(map(is_sound, found)):
        raise ConfigurationError(f"{path} is no request log, or holds no request")
    return found


def _read_table(path: Path) -> Iterator[RequestRecord]:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        for client, started, ended, ok, *others in connection.execute(_READ):
            yield RequestRecord(client, float(started), float(ended), bool(ok), *others)
