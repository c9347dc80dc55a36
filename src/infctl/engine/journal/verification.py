"""Whether records are whole: each row as it was written, the chain unbroken, the mark reached."""

from collections.abc import Iterable, Sequence
from typing import Any

from infctl.errors import JournalError
from infctl.model.journal import Record, check_chain, parse

MARK = "mark"
_MARK_SIZE = 20 + 1 + 64 + 1


def mark_of(record: Record) -> bytes:
    """What the high-water mark holds once this record is on disk."""
    return f"{record.seq:020d} {record.digest}\n".encode()


def check(records: Sequence[Record], mark: bytes) -> tuple[Record, ...]:
    """The records, if the chain holds and reaches the mark; else JournalError.

    One record more than the mark is what a crash between the two writes leaves.
    """
    problem = check_chain(records) or check_mark(records, mark)
    if problem:
        raise JournalError(
            f"the journal does not verify: {problem}",
            unchanged="the run is in doubt and is not resumed by itself",
            hint=f"infctl runs show {records[0].run}" if records else "infctl runs list",
        )
    return tuple(records)


def check_mark(records: Sequence[Record], mark: bytes) -> str:
    """What is wrong between the records and the mark in a sentence, or an empty text."""
    if not mark:
        return "" if len(records) <= 1 else "the high-water mark is missing"
    try:
        seq, digest = int(mark[:20]), mark[21:85].decode()
    except ValueError:
        return "the high-water mark cannot be read"
    if len(mark) != _MARK_SIZE or seq < 1 or mark != f"{seq:020d} {digest}\n".encode():
        return "the high-water mark cannot be read"
    if len(records) < seq:
        return f"records after {len(records)} are lost, {seq} were written"
    if len(records) > seq + 1 or records[seq - 1].digest != digest:
        return "the high-water mark belongs to another journal"
    return ""


def parse_rows(bodies: Iterable[Any], first: int = 1) -> list[Record]:
    """Rows as records; JournalError where one is not, byte for byte, what was written."""
    records = []
    for number, body in enumerate(bodies, first):
        try:
            record = parse(body)
        except (ValueError, TypeError) as error:
            raise JournalError(f"the journal does not verify: row {number}: {error}") from error
        if record.canonical != body:
            raise JournalError(f"the journal does not verify: row {number} was changed")
        records.append(record)
    return records
