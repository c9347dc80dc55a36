"""What the agent keeps on disk: each pod's address, and per container its numbered starts.

`pods/UID/pod.json`, and in `pods/UID/containers/NAME/` for start N (N is its restart count):
`N.shim.json` and `N.container.json` (pid and kernel start time), `N.log`, `N.ending.json`. Whoever
reads them needs no agent: a pod outlives the agent that started it. Pods write to `scratch` alone.
"""

import json
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from infctl.lab.processes import Process, Register, is_alive, read_register

UNKNOWN_CODE = 137
"""What Kubernetes reports of a container that ended while nobody looked."""


@dataclass(frozen=True, slots=True)
class PodRecord:
    """A pod that has an address; `since` is when it got that, in seconds since the epoch."""

    uid: str
    namespace: str
    name: str
    node: str
    address: str
    since: float


@dataclass(frozen=True, slots=True)
class Ending:
    """How a start of a container ended. `signal` is 0 unless one ended it."""

    code: int
    signal: int
    started: float
    finished: float
    error: str = ""
    is_known: bool = True


class ContainerFolder:
    """The starts of one container."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def latest(self) -> int | None:
        """The number of the last start; None before the first."""
        numbers = [int(p.name.partition(".")[0]) for p in self.path.glob("*.shim.json")]
        return max(numbers, default=None)

    def log(self, number: int) -> Path:
        """The log of a start."""
        return self.path / f"{number}.log"

    def record_shim(self, number: int, process: Process) -> None:
        """Write down the shim; on return it is on disk."""
        Register(self._file(number, "shim")).add("shim", process)

    def shim(self, number: int) -> Process | None:
        """The shim of a start, if it is recorded."""
        return read_register(self._file(number, "shim")).get("shim")

    def container(self, number: int) -> Process | None:
        """The container's own process of a start, if it is recorded."""
        return read_register(self._file(number, "container")).get("container")

    def started(self, number: int) -> float:
        """When a start was made."""
        for kind in ("container", "shim"):
            try:
                return self._file(number, kind).stat().st_mtime
            except FileNotFoundError:
                continue
        return time.time()

    def ending(self, number: int) -> Ending:
        """How a start ended, which is not known where its shim was killed too."""
        try:
            plain = json.loads(self._file(number, "ending").read_text())
            code = int(plain["code"])
            return Ending(
                code=128 - code if code < 0 else code,
                signal=max(-code, 0),
                started=plain["started"],
                finished=plain["finished"],
                error=plain["error"],
            )
        except (OSError, ValueError, KeyError, TypeError):
            started = self.started(number)
            return Ending(UNKNOWN_CODE, 0, started, time.time(), is_known=False)

    def prune(self, number: int) -> None:
        """Remove what is older than the start before `number`."""
        for path in self.path.glob("*.*"):
            if int(path.name.partition(".")[0]) < number - 1:
                path.unlink(missing_ok=True)

    def _file(self, number: int, kind: str) -> Path:
        return self.path / f"{number}.{kind}.json"


class Records:
    """The pods of a region on disk."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True, mode=0o700)

    def read(self) -> dict[str, PodRecord]:
        """The recorded pods by uid; a torn record counts as none."""
        found = {}
        for path in self.root.glob("*/pod.json"):
            try:
                record = PodRecord(**json.loads(path.read_text()))
            except (OSError, ValueError, TypeError):
                continue
            found[record.uid] = record
        return found

    def add(self, record: PodRecord) -> None:
        """Record a pod; on return it is on disk."""
        folder = self.folder(record.uid)
        self.scratch(record.uid).mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = folder / "pod.new"
        temporary.write_text(json.dumps(asdict(record)))
        temporary.replace(folder / "pod.json")

    def remove(self, uid: str) -> None:
        """Remove all that is kept of a pod."""
        shutil.rmtree(self.folder(uid), ignore_errors=True)

    def folder(self, uid: str) -> Path:
        """The folder of a pod."""
        return self.root / uid

    def scratch(self, uid: str) -> Path:
        """Where a pod's containers find their home and their temporary files."""
        return self.folder(uid) / "scratch"

    def container(self, uid: str, name: str) -> ContainerFolder:
        """The folder of a container, made where it is missing."""
        path = self.folder(uid) / "containers" / name
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return ContainerFolder(path)


def living(root: Path, uid: str = "*") -> list[Process]:
    """Every recorded process that lives, of all pods or one: containers first, then their shims."""
    found: list[Process] = []
    for kind in ("container", "shim"):
        for path in root.glob(f"{uid}/containers/*/*.{kind}.json"):
            found += read_register(path).values()
    return [process for process in found if is_alive(process)]
