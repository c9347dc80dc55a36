"""The order in which Kubernetes is looked for, and what others ask of the result."""

import shutil
from collections.abc import Callable
from pathlib import Path

from infctl.lab import bubblewrap
from infctl.lab.errors import LabError
from infctl.lab.fetch import (
    build,
    download,
    entry,
    gateway_api,
    onpath,
    release,
    storage,
    toxiproxy,
)
from infctl.lab.fetch.golang import Toolchain
from infctl.lab.fetch.storage import Report
from infctl.lab.prometheus import provide as prometheus
from infctl.lab.response_cache import provide as response_cache

Way = Callable[[Path, Toolchain, Report], dict[str, entry.Program] | None]
"""Puts programs into an entry's folder, or finds them elsewhere; None where it cannot."""


def _on_path(folder: Path, toolchain: Toolchain, report: Report) -> dict[str, entry.Program] | None:
    del folder, toolchain
    return onpath.find(report)


def _downloaded(
    folder: Path, toolchain: Toolchain, report: Report
) -> dict[str, entry.Program] | None:
    del toolchain
    return download.find(folder, report)


WAYS: dict[str, Way] = {"path": _on_path, "download": _downloaded, "build": build.find}
"""By the name that the entry records, in the order in which they are tried."""


def ensure(report: Report) -> None:
    """Have Kubernetes, Gateway API, Prometheus, the edge proxy, and bubblewrap where possible.

    LabError where that fails.
    """
    ensure_kubernetes(report)
    prometheus.ensure(report)
    bubblewrap.ensure(report)
    response_cache.ensure(report)
    toxiproxy.ensure(report)


def argv(component: str) -> tuple[str, ...]:
    """How to start a component; FileNotFoundError where it is missing or not as recorded."""
    program = entry.read(_folder())[component]
    entry.check(program)
    return (str(program.file), *program.words)


def definitions_folder() -> Path:
    """Gateway API's standard definitions as YAML; FileNotFoundError where they are missing."""
    folder = _folder() / gateway_api.FOLDER
    if not (folder / gateway_api.PARSED).is_file():
        raise FileNotFoundError(f"Gateway API's definitions are not in the cache ({folder})")
    return folder


def ensure_kubernetes(report: Report, ways: dict[str, Way] | None = None) -> None:
    """Find it in the cache, or fill the cache by the first way that works."""
    if not _reason():
        return
    try:
        with storage.exclusive(report):
            _fill(report, WAYS if ways is None else ways)
    except OSError as error:
        raise LabError(
            f"Kubernetes cannot be put into the cache {storage.root()}: {error}",
            "set XDG_CACHE_HOME to a folder of yours with 5 GB free, then: infctl lab fetch",
        ) from error


def _fill(report: Report, ways: dict[str, Way]) -> None:
    """Another process may have done it while this one waited."""
    reason = _reason()
    if reason:
        report(reason)
        with storage.staged(_folder()) as folder:
            _try_all(folder, report, ways)


def _try_all(folder: Path, report: Report, ways: dict[str, Way]) -> None:
    toolchain = Toolchain(storage.scratch_of(folder), report)
    for source, way in ways.items():
        programs = way(folder, toolchain, report)
        if programs:
            gateway_api.copy(folder, toolchain)
            entry.write(folder, source, programs)
            return
        # A way that gave up half-way leaves nothing to the next one.
        shutil.rmtree(folder)
        folder.mkdir()
    raise LabError("Kubernetes cannot be had in any way", "infctl lab fetch")


def _reason() -> str:
    """Why the cache does not serve; "" where it does."""
    try:
        for component in release.COMPONENTS:
            argv(component)
        definitions_folder()
    except FileNotFoundError as error:
        return str(error)
    return ""


def _folder() -> Path:
    return storage.root() / release.key()
