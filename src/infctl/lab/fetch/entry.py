"""A finished entry of the cache: programs with their digests, and Gateway API's definitions."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from infctl.lab.fetch.release import COMPONENTS

_MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Program:
    """How a component is started: the file, words that come first, the file's SHA-256."""

    file: Path
    words: tuple[str, ...]
    digest: str


def define(file: Path, *words: str) -> Program:
    """A program as it is now on disk."""
    return Program(file, words, digest_of(file))


def digest_of(file: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def write(folder: Path, source: str, programs: Mapping[str, Program]) -> None:
    """Record the programs; files inside the folder are named relative to it."""
    plain = {
        name: {"file": _relative(p.file, folder), "words": p.words, "digest": p.digest}
        for name, p in programs.items()
    }
    (folder / _MANIFEST).write_text(json.dumps({"source": source, "programs": plain}, indent=1))


def read(folder: Path) -> dict[str, Program]:
    """The recorded programs; FileNotFoundError with the reason where there is no whole entry."""
    try:
        recorded = json.loads((folder / _MANIFEST).read_text())["programs"]
        programs = {
            name: Program(folder / p["file"], tuple(p["words"]), str(p["digest"]))
            for name, p in recorded.items()
        }
    except FileNotFoundError:
        raise FileNotFoundError(f"Kubernetes is not in the cache ({folder})") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise FileNotFoundError(f"{folder / _MANIFEST} cannot be read: {error!r}") from error
    if missing := [name for name in COMPONENTS if name not in programs]:
        raise FileNotFoundError(f"{folder / _MANIFEST} lacks {', '.join(missing)}")
    return programs


def check(program: Program) -> None:
    """FileNotFoundError unless the file is there with the digest that was recorded of it."""
    try:
        found = program.file.stat()
    except OSError as error:
        raise FileNotFoundError(f"{program.file}: {error.strerror}") from error
    if _digest_once(program.file, found.st_mtime_ns, found.st_size) != program.digest:
        raise FileNotFoundError(
            f"{program.file} is not what was recorded when it came into the cache "
            "(its SHA-256 differs), so it is not started"
        )


@lru_cache(maxsize=16)
def _digest_once(file: Path, _modified: int, _size: int) -> str:
    """Four components of a region are one file: it is read once per process."""
    return digest_of(file)


def _relative(file: Path, folder: Path) -> str:
    return str(file.relative_to(folder)) if file.is_relative_to(folder) else str(file)
