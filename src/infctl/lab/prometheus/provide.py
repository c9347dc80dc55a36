"""Where Prometheus comes from: PATH, the cache, else the distribution's package, unpacked.

The package is unpacked without root: apt verifies what it downloads against signed lists, and
nothing is installed on the machine.
"""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from infctl.lab import cache
from infctl.lab.cache import Report
from infctl.lab.errors import LabError

PACKAGE = "prometheus"
PROGRAMS = ("prometheus", "promtool")
_REMEDY = "install Prometheus, for example: apt-get install prometheus"
_DIGEST = "sha256"
_SECONDS = 300


def ensure(report: Report) -> None:
    """Have Prometheus; LabError, with the line that installs it, where that fails."""
    if not _reason():
        return
    shelf = cache.root("prometheus")
    try:
        with cache.exclusive(shelf, "getting Prometheus", report):
            if reason := _reason():
                report(f"{reason}; unpacking the distribution's package")
                with cache.staged(_folder()) as entry:
                    _unpack(cache.scratch_of(entry), entry)
    except OSError as error:
        raise LabError(
            f"Prometheus cannot be put into the cache {shelf}: {error}", _REMEDY
        ) from error


def binary(program: str = "prometheus") -> Path:
    """The program's file; FileNotFoundError with the remedy where it is missing or was changed."""
    found = shutil.which(program)
    if found:
        return Path(found)
    file = _folder() / program
    try:
        recorded = (_folder() / f"{program}.{_DIGEST}").read_text()
        with file.open("rb") as opened:
            digest = hashlib.file_digest(opened, _DIGEST).hexdigest()
    except OSError:
        raise FileNotFoundError(f"{program} is neither on PATH nor in the cache") from None
    if digest != recorded:
        raise FileNotFoundError(f"{file} is not what was recorded when it came into the cache")
    return file


def _folder() -> Path:
    return cache.root("prometheus") / "package"


def _reason() -> str:
    """Why there is no Prometheus; "" where there is one."""
    try:
        for program in PROGRAMS:
            binary(program)
    except FileNotFoundError as error:
        return str(error)
    return ""


def _unpack(scratch: Path, entry: Path) -> None:
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise LabError("Prometheus is missing, and this machine has no apt-get", _REMEDY)
    package = _download(scratch)
    _run("dpkg-deb", "-x", str(package), str(scratch / "root"), folder=scratch)
    for program in PROGRAMS:
        source = scratch / "root" / "usr" / "bin" / program
        (entry / f"{program}.{_DIGEST}").write_text(hashlib.sha256(source.read_bytes()).hexdigest())
        shutil.move(source, entry / program)


def _download(scratch: Path) -> Path:
    """By the machine's lists of packages, else by lists of our own, fetched for this once."""
    try:
        _run("apt-get", "-q", "download", PACKAGE, folder=scratch)
    except LabError:
        own = _own_lists(scratch / "apt")
        _run("apt-get", "-q", *own, "update", folder=scratch)
        _run("apt-get", "-q", *own, "download", PACKAGE, folder=scratch)
    packages = sorted(scratch.glob(f"{PACKAGE}_*.deb"))
    if not packages:
        raise LabError("apt-get downloaded no package of Prometheus", _REMEDY)
    return packages[-1]


def _own_lists(folder: Path) -> list[str]:
    (folder / "lists" / "partial").mkdir(parents=True)
    (folder / "cache" / "archives" / "partial").mkdir(parents=True)
    options = {"Dir::State::lists": folder / "lists", "Dir::Cache": folder / "cache"}
    return [word for key, value in options.items() for word in ("-o", f"{key}={value}")]


def _run(*argv: str, folder: Path) -> None:
    try:
        done = subprocess.run(
            argv,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LabError(f"{argv[0]} failed: {error}", _REMEDY) from error
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise LabError(f"{argv[0]} failed: {last[:300]}", _REMEDY)
