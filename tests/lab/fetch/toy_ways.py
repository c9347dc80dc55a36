"""Ways of having Kubernetes that take no time, and a cache of one's own."""

import os
import signal
import sys
from pathlib import Path

from infctl.lab.fetch import gateway_api, provide, release, storage
from infctl.lab.fetch.entry import Program, define
from infctl.lab.fetch.golang import Toolchain
from infctl.lab.fetch.storage import Report


def succeed(folder: Path, toolchain: Toolchain, report: Report) -> dict[str, Program]:
    """Four programs that are one file."""
    with (storage.root() / "calls").open("a") as calls:
        calls.write("called\n")
    file = folder / "kubernetes"
    file.write_text("#!/bin/sh\n")
    return {name: define(file, name) for name in release.COMPONENTS}


def leave_half(folder: Path, toolchain: Toolchain, report: Report) -> None:
    """Gives up after it wrote something."""
    (folder / "kube-apiserver").write_text("half")


def die(folder: Path, toolchain: Toolchain, report: Report) -> None:
    """Is killed after it wrote something."""
    (folder / "kubernetes").write_text("half")
    (storage.scratch_of(folder) / "cache").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)


def copy_definitions(entry: Path, toolchain: Toolchain) -> None:
    """In place of those in the Go module."""
    made = entry / gateway_api.FOLDER
    made.mkdir()
    (made / gateway_api.PARSED).write_text("[]")


if __name__ == "__main__":
    gateway_api.copy = copy_definitions
    way = {"succeed": succeed, "die": die}[sys.argv[1]]
    provide.ensure_kubernetes(lambda text: print(text, flush=True), {"toy": way})
