"""Programs out of the distribution's packages, unpacked into the cache without root.

apt verifies what it downloads against signed lists, and nothing is installed on the machine.
"""

import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from infctl.lab import cache
from infctl.lab.cache import Report
from infctl.lab.errors import LabError

_DIGEST = "sha256"
_LIBRARIES = "libraries"
_SECONDS = 300
_PAUSE_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Package:
    """A package, the programs of it that are wanted, and what people call it.

    `has_libraries`: whether libraries of other packages that the machine lacks come with it.
    """

    name: str
    programs: tuple[str, ...]
    title: str
    has_libraries: bool = False

    @property
    def remedy(self) -> str:
        """The line that installs it."""
        return f"install {self.title}, for example: apt-get install {self.name}"

    def ensure(self, report: Report) -> None:
        """Have it; LabError, with the line that installs it, where that fails."""
        if not self.reason():
            return
        shelf = cache.root(self.name)
        try:
            with cache.exclusive(shelf, f"getting {self.title}", report):
                if reason := self.reason():
                    report(f"{reason}; unpacking the distribution's package")
                    with cache.staged(self._folder()) as entry:
                        self._unpack(cache.scratch_of(entry), entry)
        except OSError as error:
            raise LabError(
                f"{self.title} cannot be put into the cache {shelf}: {error}", self.remedy
            ) from error

    def ensure_if_possible(self, report: Report, loss: str) -> None:
        """Have it, or say what a lab without it loses.

        What failed is not tried again for an hour: without a network that takes minutes.
        """
        mark = cache.root(self.name) / "failed"
        if _is_young(mark):
            return
        try:
            self.ensure(report)
        except LabError as error:
            report(f"{error.what}; {loss}. {error.hint}")
            with suppress(OSError):
                mark.touch()

    def binary(self, program: str) -> Path:
        """The program's file; FileNotFoundError where it is missing or was changed."""
        found = shutil.which(program)
        if found:
            return Path(found)
        file = self._folder() / program
        try:
            recorded = (self._folder() / f"{program}.{_DIGEST}").read_text()
            with file.open("rb") as opened:
                digest = hashlib.file_digest(opened, _DIGEST).hexdigest()
        except OSError:
            raise FileNotFoundError(f"{program} is neither on PATH nor in the cache") from None
        if digest != recorded:
            raise FileNotFoundError(f"{file} is not what was recorded when it came into the cache")
        return file

    def environment(self) -> dict[str, str]:
        """What its programs need in their environment to find the libraries that came along."""
        folder = self._folder() / _LIBRARIES
        return {"LD_LIBRARY_PATH": str(folder)} if folder.is_dir() else {}

    def reason(self) -> str:
        """Why one of its programs is not there; "" where all are."""
        try:
            for program in self.programs:
                self.binary(program)
        except FileNotFoundError as error:
            return str(error)
        return ""

    def _folder(self) -> Path:
        return cache.root(self.name) / "package"

    def _unpack(self, scratch: Path, entry: Path) -> None:
        if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
            raise LabError(f"{self.title} is missing, and this machine has no apt-get", self.remedy)
        for package in self._download(scratch):
            self._run("dpkg-deb", "-x", str(package), str(scratch / "root"), folder=scratch)
        if self.has_libraries:
            _collect(scratch / "root" / "usr" / "lib", entry / _LIBRARIES)
        for program in self.programs:
            source = _unpacked(scratch / "root" / "usr", program)
            digest = hashlib.sha256(source.read_bytes()).hexdigest()
            (entry / f"{program}.{_DIGEST}").write_text(digest)
            shutil.move(source, entry / program)

    def _download(self, scratch: Path) -> list[Path]:
        """By the machine's lists of packages, else by lists of our own, fetched for this once."""
        try:
            self._download_by((), scratch)
        except LabError:
            own = _own_lists(scratch / "apt")
            self._run("apt-get", "-q", *own, "update", folder=scratch)
            self._download_by(own, scratch)
        if not list(scratch.glob(f"{self.name}_*.deb")):
            raise LabError(f"apt-get downloaded no package of {self.title}", self.remedy)
        return sorted(scratch.glob("*.deb"))

    def _download_by(self, lists: Sequence[str], scratch: Path) -> None:
        names = self._missing(lists, scratch) if self.has_libraries else [self.name]
        self._run("apt-get", "-q", *lists, "download", *names, folder=scratch)

    def _missing(self, lists: Sequence[str], scratch: Path) -> list[str]:
        """It, and what apt would install with it on this machine."""
        words = ("-s", "--no-install-recommends", "install", self.name)
        told = self._run("apt-get", "-q", *lists, *words, folder=scratch)
        return [line.split()[1] for line in told.splitlines() if line.startswith("Inst ")]

    def _run(self, *argv: str, folder: Path) -> str:
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
            raise LabError(f"{argv[0]} failed: {error}", self.remedy) from error
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise LabError(f"{argv[0]} failed: {last[:300]}", self.remedy)
        return done.stdout


def _collect(source: Path, folder: Path) -> None:
    """Put all libraries of a tree into one folder."""
    folder.mkdir()
    for library in source.rglob("*.so*"):
        shutil.move(library, folder / library.name)


def _unpacked(folder: Path, program: str) -> Path:
    places = [folder / name / program for name in ("bin", "sbin")]
    return next((place for place in places if place.exists()), places[0])


def _is_young(mark: Path) -> bool:
    try:
        return time.time() - mark.stat().st_mtime < _PAUSE_SECONDS
    except OSError:
        return False


def _own_lists(folder: Path) -> list[str]:
    (folder / "lists" / "partial").mkdir(parents=True)
    (folder / "cache" / "archives" / "partial").mkdir(parents=True)
    options = {"Dir::State::lists": folder / "lists", "Dir::Cache": folder / "cache"}
    return [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
