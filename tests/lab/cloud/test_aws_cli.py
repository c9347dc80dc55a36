"""The AWS CLI itself, as people type it at the address that `lab env` gives them."""

import base64
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from aws_walk import SHORT, WHOLE, Step

from infctl.lab import addresses

pytestmark = pytest.mark.timeout(180)
Walk = Callable[[Sequence[Step]], None]


@pytest.fixture
def walk(running: Any, tmp_path: Path) -> Walk:
    """Take steps in their order."""
    front = f"http://{running.lab.shared('cloud')}:{addresses.CLOUD_PORT}"
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file").write_text("model")
    kept = {
        "run": f"{time.time_ns():x}",
        "front": front,
        "folder": str(folder),
        "file": str(folder / "file"),
    }
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL": front,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
    }
    program = [sys.executable, "-m", "awscli"]

    def take(steps: Sequence[Step]) -> None:
        for step in steps:
            words = shlex.split(step.command.format(**kept))
            done = subprocess.run(
                [*program, *words], env=environment, capture_output=True, text=True, timeout=60
            )
            said = (done.stdout + done.stderr).strip()
            assert done.returncode == step.code, f"{words}: {done.returncode}, {said}"
            pattern = step.sees.replace("{{", "{").replace("}}", "}")
            assert re.search(pattern, said, re.MULTILINE), f"{words}: {said}"
            if step.keep.startswith("@"):
                file = tmp_path / step.keep[1:]
                file.write_bytes(base64.b64decode(done.stdout))
                kept[step.keep[1:]] = str(file)
            elif step.keep:
                kept[step.keep] = done.stdout.strip()

    return take


def test_the_first_things_that_people_type_work(walk: Walk) -> None:
    walk(SHORT)


@pytest.mark.skipif("INFCTL_WHOLE" not in os.environ, reason="a process a command: INFCTL_WHOLE=1")
@pytest.mark.parametrize("service", WHOLE)
def test_the_whole_walk_through_a_service_works(walk: Walk, service: str) -> None:
    walk(WHOLE[service])
