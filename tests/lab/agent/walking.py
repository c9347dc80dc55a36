"""kubectl as a user types it against a region, with what it says and how it ends."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from real_agent import KUBECTL, Node

LONGEST_SECONDS = 60.0


@dataclass(frozen=True)
class Said:
    """What came of a command: its exit code, its output, its errors."""

    code: int
    out: str
    err: str


class Walk:
    """A namespace of a region, with a folder for the files that a user applies."""

    def __init__(self, node: Node, namespace: str, folder: Path) -> None:
        self.node = node
        self.namespace = namespace
        self._folder = folder

    def kubectl(self, *words: str, code: int | None = 0) -> Said:
        """One command; fails where it ends with another code than is expected."""
        argv = [str(KUBECTL), "--kubeconfig", str(self.node.plane.kubeconfig)]
        done = subprocess.run(
            [*argv, "--context", "eu-west-1", "-n", self.namespace, *words],
            capture_output=True,
            text=True,
            timeout=LONGEST_SECONDS,
        )
        said = Said(done.returncode, done.stdout, done.stderr)
        assert code is None or said.code == code, said
        return said

    def read(self, *words: str) -> dict[str, Any]:
        """An object or a list as JSON."""
        return dict(json.loads(self.kubectl("get", *words, "-o", "json").out))

    def file(self, *objects: dict[str, Any]) -> str:
        """A file with objects, as `-f` takes it."""
        path = self._folder / "objects.json"
        path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
        return str(path)


def deployment(replicas: int = 2, **env: str) -> dict[str, Any]:
    """A Deployment `web` of the toy server."""
    container = {
        "name": "main",
        "image": "toys/server:1",
        "env": [{"name": name, "value": value} for name, value in env.items()],
        "readinessProbe": {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {
                    "automountServiceAccountToken": False,
                    "terminationGracePeriodSeconds": 2,
                    "containers": [container],
                },
            },
        },
    }
