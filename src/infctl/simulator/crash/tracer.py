"""Where strace comes from: PATH, infctl's cache, else the distribution's package, unpacked.

The package is unpacked without root: apt verifies what it downloads, and nothing is installed.
"""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from infctl.errors import Unmeasured

PACKAGES = ("strace", "libunwind8")
"""Debian's strace needs the second one, which small machines lack."""
_REMEDY = "install strace, for example: apt-get install strace"
_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Tracer:
    """A strace that runs here, and the environment that it needs."""

    program: Path
    environment: dict[str, str] = field(default_factory=dict)

    def command(self, *words: str) -> list[str]:
        """The argv of one call."""
        return [str(self.program), *words]

    def surroundings(self) -> dict[str, str]:
        """The environment of one call."""
        return {**os.environ, "LC_ALL": "C", **self.environment}


def find_tracer(cache: Path) -> Tracer:
    """A strace that runs; Unmeasured, with what to install, where there is none."""
    on_path = shutil.which("strace")
    if on_path and _runs(Tracer(Path(on_path))):
        return Tracer(Path(on_path))
    folder = cache / "strace"
    tracer = _unpacked(folder)
    if not _runs(tracer):
        _provide(folder)
    if not _runs(tracer):
        raise Unmeasured("strace was unpacked, but does not run here", hint=_REMEDY)
    return tracer


def _unpacked(folder: Path) -> Tracer:
    libraries = sorted({str(p.parent) for p in folder.glob("usr/lib/**/*.so*")})
    inherited = [v for v in (os.environ.get("LD_LIBRARY_PATH", ""),) if v]
    paths = ":".join([*libraries, *inherited])
    return Tracer(folder / "usr/bin/strace", {"LD_LIBRARY_PATH": paths} if paths else {})


def _runs(tracer: Tracer) -> bool:
    try:
        done = subprocess.run(
            tracer.command("-V"),
            env=tracer.surroundings(),
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _provide(folder: Path) -> None:
    """Download and unpack; the folder appears whole or not at all."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise Unmeasured("strace is missing, and this machine has no apt-get", hint=_REMEDY)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            staged = Path(scratch) / "root"
            for package in PACKAGES:
                _run(["apt-get", "-q", "download", package], Path(scratch))
            for archive in sorted(Path(scratch).glob("*.deb")):
                _run(["dpkg-deb", "-x", str(archive), str(staged)], Path(scratch))
            shutil.rmtree(folder, ignore_errors=True)
            staged.rename(folder)
    except OSError as error:
        raise Unmeasured(f"strace cannot be put into {folder}: {error}", hint=_REMEDY) from error


def _run(argv: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(
            argv, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise Unmeasured(f"{argv[0]} did not end in {_SECONDS} s", hint=_REMEDY) from error
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise Unmeasured(f"{argv[0]} failed: {last[:200]}", hint=_REMEDY)
