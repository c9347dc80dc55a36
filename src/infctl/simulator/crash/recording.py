"""Records every call that an unharmed victim makes on its journal's files: strace's text, read."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from infctl.engine.journal import read_journal
from infctl.errors import Unmeasured
from infctl.model.journal import Record
from infctl.simulator.crash.disk import Acknowledged, Call, Change, Sync
from infctl.simulator.crash.outside import LEDGER
from infctl.simulator.crash.victim import ACKNOWLEDGED
from infctl.simulator.crash.victims import TRACE, Laboratory

_CALLS = "openat,write,pwrite64,fdatasync,fsync,ftruncate,rename,unlink"
_LARGEST = str(1 << 22)
_LINE = re.compile(r"^\d+ +(?P<call>[a-z0-9]+)\((?P<args>.*)\) += (?P<answer>-?\d+)(?:<.*>)?$")
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_DESCRIPTOR = re.compile(r"^(\d+)<((?:\\x[0-9a-f]{2})*)>")
_IGNORED = ("-shm", LEDGER, TRACE, "stderr", "reserve")
"""Not the journal's, or empty, or made anew by whoever opens the journal first after a boot."""


@dataclass(frozen=True, slots=True)
class Recording:
    """The calls of a whole run in order, and the records that it wrote."""

    calls: tuple[Call, ...]
    records: tuple[Record, ...]


def record(laboratory: Laboratory, folder: Path) -> Recording:
    """Run one victim unharmed in an empty folder."""
    (folder / ACKNOWLEDGED).touch()
    trace = folder / TRACE
    words = ("-o", str(trace), "-y", "-xx", "-s", _LARGEST, "-e", f"trace={_CALLS}")
    code = laboratory.run(folder, *words)
    if code != 0:
        raise Unmeasured(f"the rehearsal does not work unharmed: it ended with {code}")
    with trace.open() as lines:
        calls = tuple(read_calls(lines, folder))
    return Recording(calls, read_journal(folder))


def read_calls(lines: Iterable[str], folder: Path) -> Iterator[Call]:
    """The calls on files in the folder, from what `strace -f -y -xx` wrote."""
    places: dict[str, int] = {}
    for line in lines:
        found = _LINE.match(line.rstrip("\n"))
        if found is None or int(found["answer"]) < 0:
            continue
        yield from _read(found["call"], found["args"], folder, places)


def _read(call: str, args: str, folder: Path, places: dict[str, int]) -> Iterator[Call]:
    if call in ("openat", "rename", "unlink"):
        yield from _read_naming(call, args, folder, places)
        return
    opened = _DESCRIPTOR.match(args)
    path = Path(_text(opened[2])) if opened else Path()
    if call in ("fsync", "fdatasync") and path == folder:
        yield Sync()
        return
    if opened is None or path.parent != folder:
        return
    if path.name == ACKNOWLEDGED:
        yield Acknowledged(int(_data(args)))
    elif not path.name.endswith(_IGNORED):
        yield _read_content(call, args, path.name, places)


def _read_naming(call: str, args: str, folder: Path, places: dict[str, int]) -> Iterator[Change]:
    paths = [Path(_text(found)) for found in _STRING.findall(args)]
    if not paths or paths[0].parent != folder or paths[0].name.endswith((*_IGNORED, ACKNOWLEDGED)):
        return
    name = paths[0].name
    if call == "unlink":
        yield Change("unlink", name)
    elif call == "rename":
        yield Change("rename", name, data=paths[1].name.encode())
    elif "O_CREAT" in args:
        places[name] = 0
        yield Change("create", name)
        if "O_TRUNC" in args:
            yield Change("truncate", name)


def _read_content(call: str, args: str, name: str, places: dict[str, int]) -> Call:
    if call in ("fsync", "fdatasync"):
        return Sync(name)
    numbers = re.findall(r", (\d+)", args[args.rfind('"') + 1 :] if '"' in args else args)
    if call == "ftruncate":
        return Change("truncate", name, int(numbers[0]))
    data = _data(args)
    if call == "pwrite64":
        return Change("write", name, int(numbers[1]), data)
    offset = places.get(name, 0)
    places[name] = offset + len(data)
    return Change("write", name, offset, data)


def _data(args: str) -> bytes:
    found = _STRING.search(args)
    return bytes.fromhex(found[1].replace("\\x", "")) if found else b""


def _text(escaped: str) -> str:
    return bytes.fromhex(escaped.replace("\\x", "")).decode(errors="surrogateescape")
