"""A whole lab as its users have it: the command line, in a state folder of its own."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from infctl.lab import processes, spec
from infctl.lab.supervisor.service import register_path

ROOT = Path(__file__).parents[3]
PLATFORM = ROOT / "platform.yaml"


class Living:
    """One state folder; its lab is called `lab` unless a test names another."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("INFCTL_", "AWS_"))},
            "XDG_STATE_HOME": str(home),
            "INFCTL_PLATFORM": str(PLATFORM),
        }

    def state(self, name: str = "lab") -> Path:
        """The folder of a lab."""
        return self.home / "infctl" / "labs" / name

    def lab(self, name: str = "lab") -> spec.Lab:
        """The specification of a lab."""
        return spec.load(self.state(name))

    def run(
        self, *words: str, timeout: float = 120.0, code: int | None = 0
    ) -> subprocess.CompletedProcess[str]:
        """`infctl WORDS`; asserts the exit code unless it is None."""
        argv = [sys.executable, "-m", "infctl", *words]
        done = subprocess.run(
            argv, capture_output=True, text=True, timeout=timeout, env=self.environment, cwd=ROOT
        )
        if code is not None:
            said = f"infctl {' '.join(words)} left {done.returncode}\n{done.stdout}\n{done.stderr}"
            assert done.returncode == code, said
        return done

    def start(self, *words: str) -> subprocess.Popen[str]:
        """`infctl WORDS` in the background."""
        return subprocess.Popen(
            [sys.executable, "-m", "infctl", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
            cwd=ROOT,
        )

    def read(self, *words: str, code: int | None = 0, timeout: float = 120.0) -> dict[str, Any]:
        """The JSON that `infctl WORDS -o json` prints."""
        done = self.run(*words, "-o", "json", code=code, timeout=timeout)
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def parts(self, name: str = "lab") -> dict[str, dict[str, Any]]:
        """Every part of a lab by name, as `lab status` has it."""
        items = self.read("lab", "status", "--name", name)["items"]
        return {item["name"]: item for item in items}

    def regions(self) -> dict[str, dict[str, Any]]:
        """Every region by name, as `status` has it."""
        return {item["name"]: item for item in self.read("status", code=None)["items"]}

    def recorded(self, name: str = "lab") -> list[processes.Process]:
        """Every process that the lab has on record, pods included."""
        from infctl.lab.supervisor.residents import residents

        lab = self.lab(name)
        found = list(processes.read_register(register_path(self.state(name))).values())
        for region in lab.regions:
            found += residents(lab, region.name)
        return found


def is_host_limited(run: dict[str, Any]) -> bool:
    """Whether this machine's own CPU was the limit, so that a drill decided nothing."""
    return any("host-limited" in sentence for sentence in run["result"].get("evidence", ()))


def until(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """What `condition` returns once it is true; AssertionError after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {what}; last: {found!r}")
        time.sleep(0.2)
