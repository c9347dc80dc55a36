"""Results on stdout in the form that was asked for; notes and progress on stderr.

JSON stands in one envelope: {"apiVersion": "infctl.dev/v1", "kind", "metadata", "items"}; times are
RFC 3339 in UTC, durations seconds, never NaN. Tables are for people and no interface.
"""

import json
import math
import os
import shutil
import sys
import textwrap
import time
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any, TextIO

import typer

from infctl.errors import Exit, InfctlError
from infctl.model.text import clean

API_VERSION = "infctl.dev/v1"


class Output(StrEnum):
    """The forms of a result."""

    TABLE = "table"
    WIDE = "wide"
    JSON = "json"
    YAML = "yaml"
    JSONL = "jsonl"
    NAME = "name"


OutputOption = Annotated[
    Output,
    typer.Option("--output", "-o", metavar="FORM", help="table, wide, json, yaml, jsonl or name."),
]

_NARROWEST = 6
Column = tuple[str, str]
"""A heading and the key of the item below it (or of its `_display` mapping, where there is one)."""


def timestamp(at: float | None = None) -> str:
    """Seconds since the epoch (now) as RFC 3339 in UTC with milliseconds."""
    at = time.time() if at is None else at
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at))
    return f"{whole}.{int(at % 1 * 1000):03d}Z"


def envelope(
    kind: str, items: Sequence[Mapping[str, Any]], metadata: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The versioned envelope of a list."""
    meta = {"generatedAt": timestamp(), "partial": False, **(metadata or {})}
    return {
        "apiVersion": API_VERSION,
        "kind": kind,
        "metadata": meta,
        "items": [_plain(item) for item in items],
    }


def show(
    kind: str,
    items: Sequence[Mapping[str, Any]],
    columns: Sequence[Column],
    *,
    output: Output = Output.TABLE,
    metadata: Mapping[str, Any] | None = None,
    wide: Sequence[Column] = (),
    below: Sequence[str] = (),
    prefix: str = "",
) -> None:
    """Print items on stdout.

    `columns` are shown in tables, `wide` ones after them with -o wide; where a terminal is too
    narrow, the keys in `below` stand under their row instead. `prefix` stands before the items'
    "name" for -o name ("region/eu-west-1"). A key `_display` in an item holds strings for
    the table alone and is left out of machine forms.
    """
    if output is Output.TABLE:
        write(table(items, columns, terminal_width(), below))
    elif output is Output.WIDE:
        write(table(items, [*columns, *wide]))
    elif output is Output.NAME:
        write("".join(f"{prefix}{clean(str(i['name']))}\n" for i in items))
    elif output is Output.JSONL:
        write("".join(json.dumps(_plain(i)) + "\n" for i in items))
    else:
        document(envelope(kind, items, metadata), output)


def document(content: Mapping[str, Any], output: Output) -> None:
    """Print one document as YAML, JSON, or JSON on one line."""
    if output is Output.YAML:
        from infctl.platform.yaml_writer import dump

        write(dump(_plain(content)))
    elif output is Output.JSONL:
        write(json.dumps(_plain(content), allow_nan=False) + "\n")
    else:
        write(json.dumps(_plain(content), indent=2, allow_nan=False) + "\n")


def terminal_width() -> int | None:
    """How wide the terminal on stdout is; None where there is none."""
    if sys.stdout is None or not sys.stdout.isatty():
        return None
    return shutil.get_terminal_size().columns


def table(
    items: Sequence[Mapping[str, Any]],
    columns: Sequence[Column],
    width: int | None = None,
    below: Sequence[str] = (),
) -> str:
    """Items as aligned columns under headings; every cell is cleaned.

    Where it would be wider than `width`, what `below` names goes under each row, whole; then the
    widest columns after the first are cut short.
    """
    rows = [[heading for heading, _ in columns]]
    rows += [[_cell(item, key) for _, key in columns] for item in items]
    widths = [max(len(row[i]) for row in rows) for i in range(len(columns))]
    if width is not None and below and _total(widths) > width:
        return _folded(items, columns, width, below)
    if width is not None:
        widths = _narrow(widths, width)
    lines = ("  ".join(map(_fit, row, widths)) for row in rows)
    return "".join(line.rstrip() + "\n" for line in lines)


def _folded(
    items: Sequence[Mapping[str, Any]], columns: Sequence[Column], width: int, below: Sequence[str]
) -> str:
    head, *rows = table(items, [c for c in columns if c[1] not in below], width).splitlines()
    lines = [head]
    for item, row in zip(items, rows, strict=True):
        cells = [cell for key in below if (cell := _cell(item, key)) != "-"]
        under = textwrap.wrap("; ".join(cells), width, initial_indent="  ", subsequent_indent="  ")
        lines += [row, *under]
    return "".join(f"{line}\n" for line in lines)


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + 2 * (len(widths) - 1)


def _narrow(widths: Sequence[int], width: int) -> list[int]:
    """The widths, the widest after the first made smaller one by one until all fit."""
    first, *others = widths
    while others and _total([first, *others]) > width and max(others) > _NARROWEST:
        others[others.index(max(others))] -= 1
    return [first, *others]


def _fit(cell: str, width: int) -> str:
    return cell.ljust(width) if len(cell) <= width else cell[: width - 1] + "…"


def write(text: str) -> None:
    """Text that is already clean, to stdout, at once; leaves with 141 where the reader is gone."""
    if sys.stdout is None:
        raise InfctlError("the result cannot be written: standard output is closed")
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        drop_stdout(sys.stdout)
        raise SystemExit(Exit.PIPE_CLOSED) from None
    except OSError as error:
        drop_stdout(sys.stdout)
        raise InfctlError(f"the result cannot be written: {error.strerror}") from None


def drop_stdout(stdout: TextIO) -> None:
    """Send stdout nowhere: what is still buffered would raise again at exit."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stdout.fileno())
    os.close(null)


def note(text: str) -> None:
    """A message for people on stderr, cleaned."""
    print(clean(text, newlines=True), file=sys.stderr, flush=True)


def _cell(item: Mapping[str, Any], key: str) -> str:
    value = item.get("_display", {}).get(key, item.get(key))
    if value is None or value == "":
        return "-"
    return clean(str(value), limit=200)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items() if k != "_display"}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
