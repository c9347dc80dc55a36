"""Two engineers on one lab, each with a state of their own; executors that are killed or frozen."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from living import ROOT, Living, until

from infctl.model.plan import BlastRadius, Operation, Plan, Step

NAMESPACE = "vision"
_LAUNCH = """
import json, sys
from pathlib import Path
from infctl.executor.launch import launch
from infctl.model.plan import from_json
data = json.load(sys.stdin)
print(launch(from_json(data), platform=Path(sys.argv[1]), environment=sys.argv[2], overlay="lab"))
"""


def whole(few: int, many: int) -> int:
    """How often: a few times in every run, many with INFCTL_WHOLE=1."""
    return many if os.environ.get("INFCTL_WHOLE") else few


class Colleague(Living):
    """Somebody else on the same lab, with another state folder."""

    def __init__(self, living: Living, home: Path) -> None:
        super().__init__(home)
        access = Path("infctl") / "environments"
        shutil.copytree(living.home / access, home / access)

    def lab(self, name: str = "lab") -> Any:
        raise NotImplementedError("a colleague only uses the lab")


@dataclass(frozen=True)
class Executor:
    """The process that carries a run."""

    run: str
    pid: int

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def freeze(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def wake(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def is_gone(self) -> bool:
        try:
            state = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        return state in "ZX"


def executor_of(user: Living, run: str) -> Executor:
    """The run's executor, waited for."""
    lock = user.home / "infctl" / "runs" / run / "executor.lock"

    def pid() -> int:
        text = lock.read_text() if lock.exists() else ""
        return int(text.partition("@")[0] or 0)

    return Executor(run, until(pid, 20, f"run {run} has an executor"))


def launch(user: Living, plan: Plan) -> str:
    """Hand a plan to an executor of that user; the run's id."""
    done = subprocess.run(
        [sys.executable, "-c", _LAUNCH, user.environment["INFCTL_PLATFORM"], "lab"],
        input=json.dumps(plan.to_json()),
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
        env=user.environment,
        cwd=ROOT,
    )
    return done.stdout.strip()


def many_writes(name: str, regions: tuple[str, ...], each: int) -> Plan:
    """A plan of `each` ConfigMaps in each region, one after the other, regions side by side."""
    steps = []
    for region in regions:
        before: tuple[str, ...] = ()
        for number in range(each):
            step = f"{region}-{number}"
            manifest = {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": f"{name}-{number}", "namespace": NAMESPACE},
                "data": {"by": name},
            }
            operation = Operation(
                "apply_object", {"region": region, "manifest": manifest}, region=region
            )
            steps.append(Step(step, operation, after=before, timeout=30.0))
            before = (step,)
    return Plan(
        name="rehearsal",
        summary=f"Many small writes: {name}",
        environment="lab",
        steps=tuple(steps),
        blast_radius=BlastRadius(regions, tuple(f"ConfigMaps in {r}" for r in regions)),
    )


def config_maps(user: Living, name: str, regions: tuple[str, ...]) -> set[str]:
    """The plan's ConfigMaps that exist, as region/name."""
    access = json.loads((user.home / "infctl" / "environments" / "lab.json").read_text())
    found = set()
    for region in regions:
        context = access["regions"][region]["context"]
        kubectl = Path(sys.executable).parent / "kubectl"
        done = subprocess.run(
            [str(kubectl), f"--kubeconfig={access['kubeconfig']}", f"--context={context}",
             "-n", NAMESPACE, "get", "configmaps", "-o", "name"],
            capture_output=True, text=True, timeout=30, check=True,
        )  # fmt: skip
        found |= {
            f"{region}/{line.partition('/')[2]}"
            for line in done.stdout.splitlines()
            if line.partition("/")[2].startswith(f"{name}-")
        }
    return found


@dataclass(frozen=True)
class Write:
    """One write of infctl that an API server accepted, by its audit log."""

    at: str
    region: str
    verb: str
    name: str
    run: str
    fence: int


def audited(living: Living, region: str) -> Iterator[Write]:
    """Accepted writes with a fence, in the order of that region's audit log."""
    lab = living.lab()
    found = next(r for r in lab.regions if r.name == region)
    for line in (lab.folder(found) / "audit.log").read_text().splitlines():
        event = json.loads(line)
        if event.get("stage") != "ResponseComplete" or "dryRun=All" in event.get("requestURI", ""):
            continue
        code = event.get("responseStatus", {}).get("code", 500)
        annotations = (event.get("requestObject") or {}).get("metadata", {}).get("annotations", {})
        if code < 300 and re.fullmatch(r"[0-9]+", annotations.get("infctl.dev/fence", "")):
            yield Write(
                event["requestReceivedTimestamp"],
                region,
                event["verb"],
                event.get("objectRef", {}).get("name", ""),
                annotations.get("infctl.dev/run", ""),
                int(annotations["infctl.dev/fence"]),
            )


def wait_over(user: Living, run: str, seconds: float = 90.0) -> dict[str, Any]:
    """The run as `runs show` has it once it is over."""
    over = {"completed", "completed_with_exceptions", "rolled_back", "cancelled", "failed"}

    def shown() -> dict[str, Any] | None:
        item: dict[str, Any] = user.read("runs", "show", run, code=None)["items"][0]
        return item if item["state"] in over else None

    found: dict[str, Any] = until(shown, seconds, f"run {run} is over")
    return found


def settle(seconds: float) -> None:
    """Let a drawn moment pass: it is the experiment itself, not a wait for a state."""
    time.sleep(seconds)
