"""moto, its fronts and the name service, as real processes at addresses of their own."""

import asyncio
import contextlib
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from infctl.lab import addresses, cloud, dns, edge, locate
from infctl.lab.part import Part
from infctl.lab.spec import Lab, Region

REGIONS = (Region("us-east-1", 1), Region("eu-west-1", 2), Region("ap-south-1", 3))
DEADLINE = 30.0


class RunningCloud:
    """The processes of a cloud, and SDK clients for it."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        edges = [part for region in lab.regions for part in edge.parts(lab, region)]
        found = [*cloud.parts(lab), *dns.parts(lab), *edges]
        self.parts = {part.name: part for part in found}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, *names: str) -> None:
        """Start parts, and wait until they are ready."""
        for name in names:
            part = self.parts[name]
            with (self.lab.state / f"{name}.log").open("ab") as log:
                self.processes[name] = subprocess.Popen(
                    part.argv, env=dict(part.environment), stderr=log
                )
        for name in names:
            self._wait(self.parts[name])

    def stop(self, *names: str) -> None:
        """Stop parts at once."""
        for name in names:
            process = self.processes.pop(name)
            process.kill()
            process.wait()

    def client(self, service: str, region: str = "us-east-1", *, at: str = "") -> Any:
        """An SDK client at the global endpoint, or at that of a region."""
        lab = self.lab
        host = lab.edge(lab.region(at), "cloud") if at else lab.shared("cloud")
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=f"http://{host}:{addresses.CLOUD_PORT}",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=10),
        )

    def _wait(self, part: Part) -> None:
        reason = wait_until(lambda: asyncio.run(_ask(part)) == "", DEADLINE)
        log = (self.lab.state / f"{part.name}.log").read_text()[-2000:]
        assert reason, f"{part.name} is not ready: {log}"


async def _ask(part: Part) -> str:
    return await part.ready()


def wait_until(state: Callable[[], bool], timeout: float) -> bool:
    """Ask until a state holds; False at the deadline."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if state():
            return True
        time.sleep(0.05)
    return False


@contextlib.contextmanager
def run_cloud(state: Path) -> Iterator[RunningCloud]:
    """A cloud with its files in `state`; nothing of it runs after the block."""
    number, claim = locate.claim_number()
    lab = Lab("test", number, state, REGIONS)
    lab.save()
    for region in lab.regions:
        edge.prepare(lab, region)
    found = RunningCloud(lab)
    with claim:
        try:
            found.start("moto")
            found.start(*(name for name in found.parts if name != "moto"))
            yield found
        finally:
            found.stop(*list(found.processes))
