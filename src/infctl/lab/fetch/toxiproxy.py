"""The edge proxy, built from Toxiproxy's Go module and kept in the cache with its digest."""

import hashlib
import json
import shutil
import subprocess
from functools import cache as once
from pathlib import Path

from infctl.lab import cache
from infctl.lab.cache import Report
from infctl.lab.errors import LabError
from infctl.lab.fetch import entry, release
from infctl.lab.fetch.golang import Toolchain

SOURCES = Path(__file__).parent.parent / "edge" / "toxiproxy"
"""Our Go main, with the versions and digests of all modules in go.mod and go.sum."""
_PROGRAM = "edge"
_SHELF = "toxiproxy"
_FLAGS = ("-trimpath", "-mod=readonly", "-buildvcs=false", "-ldflags", "-s -w")
_SECONDS = 600
_HINT = "infctl lab fetch (modules come through GOPROXY: go env GOPROXY)"


def ensure(report: Report) -> None:
    """Find it in the cache, or build it; LabError with Go's last words where that fails."""
    if not _reason():
        return
    try:
        with cache.exclusive(cache.root(_SHELF), "getting the edge proxy", report):
            if reason := _reason():
                report(f"{reason}; building it from Toxiproxy's module")
                with cache.staged(_folder()) as folder:
                    _build(folder, Toolchain(cache.scratch_of(folder), report))
    except OSError as error:
        raise LabError(f"the edge proxy cannot be put into the cache: {error}", _HINT) from error


def binary() -> Path:
    """The program's file; FileNotFoundError where it is missing or was changed."""
    file = _folder() / _PROGRAM
    try:
        recorded = _digest_file(file).read_text()
    except OSError:
        raise FileNotFoundError(f"the edge proxy is not in the cache ({file.parent})") from None
    entry.check(entry.Program(file, (), recorded))
    return file


def _reason() -> str:
    try:
        binary()
    except FileNotFoundError as error:
        return str(error)
    return ""


def _build(folder: Path, toolchain: Toolchain) -> None:
    file = folder / _PROGRAM
    try:
        done = subprocess.run(
            toolchain.command("build", *_FLAGS, "-o", str(file), "."),
            cwd=SOURCES,
            env=toolchain.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise LabError(f"the edge proxy was not built within {_SECONDS} s", _HINT) from error
    if done.returncode:
        last = " | ".join(done.stderr.strip().splitlines()[-3:])
        raise LabError(f"the build of the edge proxy failed: {last}", _HINT)
    _digest_file(file).write_text(entry.digest_of(file))
    shutil.rmtree(cache.scratch_of(folder) / "build-cache", ignore_errors=True)


def _digest_file(file: Path) -> Path:
    return file.with_name(f"{file.name}.sha256")


def _folder() -> Path:
    return cache.root(_SHELF) / _key()


@once
def _key() -> str:
    """Names all that decides what is built: sources, versions, flags, machine."""
    digest = hashlib.sha256(json.dumps([_FLAGS, release.machine()]).encode())
    for path in sorted(SOURCES.iterdir()):
        if path.suffix in (".go", ".mod", ".sum"):
            digest.update(f"{path.name}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
