"""Builds what images need, once: environments from pinned packages, tried before they count."""

import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from infctl.lab.errors import LabError
from infctl.lab.images import environments, table
from infctl.lab.images.environments import Report

_REPORT_SECONDS = 10.0
_NEEDED_BYTES = 1 << 30
_HINT = "infctl lab fetch (packages come from pip's index: pip config list)"


def ensure(report: Report) -> None:
    """Build what is missing, however many ask at once; LabError with the reason where it fails."""
    wanted = [entry for entry in table.read_entries() if _is_missing(entry)]
    if not wanted:
        return
    with environments.exclusive(report):
        for entry in wanted:
            if _is_missing(entry):
                _build(entry, report)


def _is_missing(entry: table.Entry) -> bool:
    return bool(table.image_of(entry).missing())


def _build(entry: table.Entry, report: Report) -> None:
    requirements = table.requirements_of(entry)
    if requirements is None:
        return
    folder = environments.folder_of(requirements)
    _want_space(folder)
    packages = sum(line[:1].isalnum() for line in requirements.read_text().splitlines())
    what = f"the environment of {entry['name']}"
    report(f"building {what} from {packages} pinned packages, once")
    began = time.monotonic()
    # One that was not built to its end lacks the mark, and nobody runs out of it.
    shutil.rmtree(folder, ignore_errors=True)
    try:
        for command in _commands(folder, requirements):
            _run(command, Path.cwd(), what, report, began)
        _try_imports(entry, report, began)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    environments.mark_whole(folder)
    report(f"built {what} in {time.monotonic() - began:.0f} s")


def _commands(folder: Path, requirements: Path) -> list[list[str]]:
    """With uv where it is there, else with Python's own tools; digests are checked by both."""
    python = str(folder / "bin" / "python")
    pinned = ["--require-hashes", "-r", str(requirements)]
    if uv := _find_uv():
        return [
            [uv, "venv", "--quiet", "--python", sys.executable, str(folder)],
            [uv, "pip", "install", "--quiet", "--python", python, *pinned],
        ]
    quiet = ["--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:"]
    return [
        [sys.executable, "-m", "venv", str(folder)],
        [python, "-m", "pip", "install", *quiet, *pinned],
    ]


def _find_uv() -> str | None:
    """On PATH, or where this project's Makefile puts it."""
    beside = Path(sys.prefix).parent / ".tools" / "bin" / "uv"
    return shutil.which("uv") or (str(beside) if beside.exists() else None)


def _try_imports(entry: table.Entry, report: Report, began: float) -> None:
    """Import what a start imports: proves the environment, and compiles it for all starts."""
    image = table.image_of(entry)
    command = [*image.argv, *entry["trial"]]
    _run(command, image.folder, f"the trial of {entry['name']}", report, began)


def _run(command: Sequence[str], folder: Path, what: str, report: Report, began: float) -> None:
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        while True:
            try:
                _, said = process.communicate(timeout=_REPORT_SECONDS)
                break
            except subprocess.TimeoutExpired:
                report(f"still building {what}, {time.monotonic() - began:.0f} s")
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    if process.returncode:
        last = " | ".join(said.strip().splitlines()[-3:]) or f"exit code {process.returncode}"
        raise LabError(f"{what} failed: {last}", _HINT)


def _want_space(folder: Path) -> None:
    free = shutil.disk_usage(environments.root()).free
    if free < _NEEDED_BYTES:
        raise LabError(
            f"{folder} needs 1 GB while it is built, and {free >> 20} MB are free",
            "set XDG_CACHE_HOME to a folder with more space, then: infctl lab fetch",
        )
