"""A run's journal for other programs: a line for each record, whatever texts they hold."""

import csv
import io
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, fields
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infctl.commands.options import bare_id
from infctl.commands.output import note, write
from infctl.commands.runs_remote import copied_records, is_local
from infctl.errors import ConfigurationError

if TYPE_CHECKING:
    from infctl.model.journal import Record

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Format(StrEnum):
    """How records are written."""

    JSONL = "jsonl"
    CSV = "csv"
    JSON = "json"


def export_run(
    ctx: typer.Context,
    run: Annotated[
        str, typer.Argument(help="A run's id, its beginning, or latest.", callback=bare_id)
    ] = "latest",
    output: Annotated[Format, typer.Option("-o", "--output", help="The form.")] = Format.JSONL,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="A new file, instead of stdout.")
    ] = None,
) -> None:
    """Every record of a run's journal, chain and mark verified first.

    Of another machine's run the records that its copy in the clusters has.
    """
    name, records = _records(ctx, run)
    text = render(name, records, output)
    if to is None:
        write(text)
        return
    write_new(to, text)
    note(f"{len(records)} records of run {name} are in {to}")


def _records(ctx: typer.Context, run: str) -> "tuple[str, tuple[Record, ...]]":
    from infctl.engine.journal import read_journal
    from infctl.executor.folders import find_folder

    if not is_local(run):
        return run, copied_records(ctx, run)
    folder = find_folder(run)
    return folder.name, read_journal(folder)


def render(run: str, records: "Iterable[Record]", form: Format) -> str:
    """The records as text of that form: ASCII, and no record ends another's line. Pure."""
    if form is Format.JSONL:
        return "".join(f"{record.canonical}\n" for record in records)
    if form is Format.JSON:
        items = [asdict(record) for record in records]
        body = {"apiVersion": "infctl.dev/v1", "kind": "RunJournal", "run": run, "items": items}
        return json.dumps(body, indent=2, sort_keys=True) + "\n"
    return _csv(records)


def write_new(path: Path, text: str) -> None:
    """A new file, mode 0600; ConfigurationError where there is one already, or a link."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(path, flags, 0o600), "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written: {error.strerror}",
            unchanged="what was there is as it was",
            hint="name another file with --to",
        ) from error


def _csv(records: "Iterable[Record]") -> str:
    from infctl.model.journal import Record

    names = [f.name for f in fields(Record)]
    target = io.StringIO()
    writer = csv.writer(target, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(names)
    for record in records:
        writer.writerow([cell(getattr(record, name)) for name in names])
    return target.getvalue()


def cell(value: object) -> str:
    """One value for a spreadsheet: on one line, in ASCII, and never a formula. Pure."""
    text = value if isinstance(value, str) else "" if value is None else json.dumps(value)
    one_line = json.dumps(text)[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return f"'{one_line}" if text.startswith(_FORMULA) and not _is_number(value) else one_line


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
