"""Kubernetes as this machine has it already: all four programs on PATH, new enough."""

import re
import shutil
import subprocess
from pathlib import Path

from infctl.lab.fetch import entry
from infctl.lab.fetch.release import COMPONENTS
from infctl.lab.fetch.storage import Report

OLDEST = (1, 36)
"""The first release that passes a client's WebSocket on to the node agent."""
_VERSION = re.compile(r"(?:Kubernetes v|etcd Version: )(\d+)\.(\d+)")
_SECONDS = 10


def find(report: Report) -> dict[str, entry.Program] | None:
    """The programs, or None where one is missing or too old."""
    places = {name: shutil.which(name) for name in COMPONENTS}
    found = {name: Path(place).resolve() for name, place in places.items() if place}
    if len(found) < len(COMPONENTS):
        return None
    for name, file in found.items():
        version = _version(file)
        if version is None or (name != "etcd" and version < OLDEST):
            told = "tells no version" if version is None else f"is {version[0]}.{version[1]}"
            report(f"{file} {told}; the lab needs Kubernetes {OLDEST[0]}.{OLDEST[1]} or newer")
            return None
    report(f"using Kubernetes from PATH: {found['kube-apiserver']}")
    return {name: entry.define(file) for name, file in found.items()}


def _version(file: Path) -> tuple[int, int] | None:
    try:
        asked = subprocess.run(
            [file, "--version"], capture_output=True, text=True, timeout=_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    told = _VERSION.search(asked.stdout)
    return (int(told[1]), int(told[2])) if told else None
