"""Kubernetes built from its Go modules, with progress."""

import shutil
import subprocess
import time
from collections import deque
from pathlib import Path

from infctl.lab.errors import LabError
from infctl.lab.fetch import entry, release
from infctl.lab.fetch.golang import Toolchain
from infctl.lab.fetch.storage import Report, scratch_of

_REPORT_SECONDS = 10.0
_NEEDED_BYTES = 5 << 30
_HINT = "infctl lab fetch (modules come through GOPROXY: go env GOPROXY)"


def find(folder: Path, toolchain: Toolchain, report: Report) -> dict[str, entry.Program]:
    """Build the multi-call binary; LabError with Go's last words where that fails."""
    _want_space(folder)
    report(
        f"building Kubernetes {release.version_of(release.KUBERNETES)} from its modules, "
        "once: four to six minutes on two cores"
    )
    began = time.monotonic()
    total = _count_packages(toolchain)
    report(f"its modules are here after {_elapsed(began)}")
    file = folder / "kubernetes"
    _compile(toolchain, file, total, report, began)
    shutil.rmtree(scratch_of(folder) / "build-cache", ignore_errors=True)
    report(f"built Kubernetes in {_elapsed(began)}")
    program = entry.define(file)
    return {
        name: entry.Program(program.file, (name,), program.digest) for name in release.COMPONENTS
    }


def _want_space(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < _NEEDED_BYTES:
        raise LabError(
            f"building Kubernetes needs 5 GB for a while, and {folder} has {free >> 30} GB free",
            "set XDG_CACHE_HOME to a folder with more space, then: infctl lab fetch",
        )


def _count_packages(toolchain: Toolchain) -> int:
    """How many packages there are to compile; asking downloads their modules."""
    listed = subprocess.run(
        toolchain.command("list", "-mod=readonly", "-deps", "."),
        cwd=release.SOURCES,
        env=toolchain.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        raise _failure("the modules of Kubernetes cannot be had", listed.stderr.splitlines())
    return len(listed.stdout.splitlines())


def _compile(toolchain: Toolchain, file: Path, total: int, report: Report, began: float) -> None:
    flags = release.build_flags()
    process = subprocess.Popen(
        toolchain.command("build", "-v", *flags, "-o", str(file), "."),
        cwd=release.SOURCES,
        env=toolchain.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        last = _follow(process, total, report, began)
    finally:
        _end(process)
    if process.returncode:
        raise _failure("the build of Kubernetes failed", last)


def _follow(
    process: "subprocess.Popen[str]", total: int, report: Report, began: float
) -> list[str]:
    """Report how many packages are compiled now and then; returns Go's last words."""
    last: deque[str] = deque(maxlen=5)
    told = time.monotonic()
    for done, line in enumerate(process.stderr or (), start=1):
        last.append(line.strip())
        if time.monotonic() - told > _REPORT_SECONDS:
            told = time.monotonic()
            report(
                f"building Kubernetes: {min(done, total)} of {total} packages, {_elapsed(began)}"
            )
    process.wait()
    return list(last)


def _end(process: "subprocess.Popen[str]") -> None:
    """An interrupted build leaves no compiler behind."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _failure(what: str, words: list[str]) -> LabError:
    return LabError(f"{what}: {' | '.join(words[-3:])}", _HINT)


def _elapsed(began: float) -> str:
    minutes, seconds = divmod(int(time.monotonic() - began), 60)
    return f"{minutes} min {seconds:02} s" if minutes else f"{seconds} s"
