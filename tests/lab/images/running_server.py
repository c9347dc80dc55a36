"""The real model server as a process, started from the image table as a node would start it."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from string import Template
from typing import Any

from infctl.lab.images import table

MODELS = Path(table.__file__).parent.parent / "models"
BUCKET, REGION = "vision-models-eu-west-1", "eu-west-1"
DEADLINE = 30.0
SERVER = "infctl.dev/mlserver-onnx"


def image() -> table.Image:
    """The model server's image."""
    entry = next(entry for entry in table.read_entries() if entry["name"] == SERVER)
    return table.image_of(entry)


def manifest_of(name: str, version: str) -> dict[str, Any]:
    """What was recorded of a version."""
    plain: dict[str, Any] = json.loads((MODELS / name / version / "manifest.json").read_text())
    return plain


def models_json(*versions: tuple[str, str]) -> str:
    """The variable MODELS for these versions."""
    manifests = [manifest_of(name, version) for name, version in versions]
    return json.dumps([{k: m[k] for k in ("name", "version", "digest")} for m in manifests])


def environment_of(address: str, endpoint: str, **changes: str) -> dict[str, str]:
    """What a pod's container has: the image's variables and the Deployment's."""
    placeholders = {"POD_ADDRESS": address, "CLOUD_ENDPOINT": endpoint}
    own = {k: Template(v).safe_substitute(placeholders) for k, v in image().environment.items()}
    return {
        **own,
        "PATH": "/usr/bin:/bin",
        "MODEL_STORE": f"s3://{BUCKET}",
        "MODEL_STORE_REGION": REGION,
        "MODELS": models_json(("digits", "v1"), ("wine", "v1")),
        "SLOTS": "4",
        "SERVICE_TIME_MS": "20",
        "QUEUE_LIMIT": "64",
        "LATENCY_CEILING_MS": "2000",
        "WARMUP_REQUESTS": "4",
        "DRAIN_MS": "300",
        **changes,
    }


def start(environment: Mapping[str, str], output: Path) -> "subprocess.Popen[bytes]":
    """Start it; its output goes to a file, so that it never waits for a reader."""
    shown = image()
    with output.open("wb") as file:
        return subprocess.Popen(
            shown.argv,
            cwd=shown.folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )


@dataclass(frozen=True)
class Answer:
    """An answer over HTTP."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def plain(self) -> Any:
        """The body as JSON."""
        return json.loads(self.text)


@dataclass(frozen=True)
class RunningServer:
    """A model server and how it is asked."""

    process: "subprocess.Popen[bytes]"
    address: str
    output: Path

    def ask(self, path: str, body: object = None, *, method: str = "", port: int = 8080) -> Answer:
        """One request on a connection of its own."""
        connection = HTTPConnection(self.address, port, timeout=10)
        content = None if body is None else json.dumps(body)
        method = method or ("GET" if body is None else "POST")
        try:
            connection.request(method, path, content, {"content-type": "application/json"})
            answer = connection.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, headers, answer.read().decode())
        finally:
            connection.close()

    def infer(self, name: str = "digits", version: str = "v1") -> Answer:
        """One good request to a version that is served."""
        inputs = manifest_of(name, version)["golden"][0]["inputs"]
        return self.ask(f"/v2/models/{name}/versions/{version}/infer", {"inputs": inputs})

    def readiness(self) -> int:
        """The status of the readiness path; 0 where nobody listens."""
        try:
            return self.ask("/v2/health/ready").status
        except OSError:
            return 0

    def measure(self, name: str) -> float:
        """The value of a metric, labels and all."""
        for line in self.ask("/metrics", port=8082).text.splitlines():
            metric, _, value = line.rpartition(" ")
            if metric == name:
                return float(value)
        raise AssertionError(f"there is no metric {name}")

    def wait_for(self, status: int) -> list[int]:
        """All that the readiness path said until it said this."""
        said = []
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end and self.process.poll() is None:
            said.append(self.readiness())
            if said[-1] == status:
                return said
            time.sleep(0.01)
        raise AssertionError(f"never {status}: {self.log()}")

    def log(self) -> str:
        """What it printed."""
        return self.output.read_text(errors="replace")


@contextmanager
def running(environment: Mapping[str, str], output: Path) -> Iterator[RunningServer]:
    """A server that ends with the block."""
    process = start(environment, output)
    try:
        yield RunningServer(process, environment["MLSERVER_HOST"], output)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait(DEADLINE)


def listening_addresses(pid: int) -> set[str]:
    """The local addresses, as hexadecimal words of the kernel, on which a process listens."""
    inodes = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(descriptor.readlink())
        except FileNotFoundError:
            # Closed while we looked; what listens stays open.
            continue
        if target.startswith("socket:["):
            inodes.add(target[len("socket:[") : -1])
    lines = [
        line.split()
        for table_name in ("tcp", "tcp6")
        for line in Path(f"/proc/{pid}/net/{table_name}").read_text().splitlines()[1:]
    ]
    return {fields[1] for fields in lines if fields[3] == "0A" and fields[9] in inodes}
