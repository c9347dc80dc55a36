"""A store of models for tests: moto's S3 with the shipped artifacts in it."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from running_server import BUCKET, DEADLINE, MODELS, REGION

from infctl.lab import addresses, locate


@contextmanager
def model_store() -> Iterator[tuple[str, int]]:
    """The endpoint, and the number of a lab whose addresses are ours for as long."""
    number, claim = locate.claim_number()
    host = addresses.shared(number, "moto")
    words = ("-H", host, "-p", str(addresses.MOTO_PORT))
    # A process of its own: moto keeps one state for all servers of a process.
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    endpoint = f"http://{host}:{addresses.MOTO_PORT}"
    try:
        _wait(host, process)
        fill(endpoint)
        yield endpoint, number
    finally:
        process.kill()
        process.wait(DEADLINE)
        claim.close()


def _wait(host: str, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + DEADLINE
    while not _listens(host):
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.02)


def _listens(host: str) -> bool:
    try:
        socket.create_connection((host, addresses.MOTO_PORT), 1.0).close()
    except OSError:
        return False
    return True


def fill(endpoint: str) -> None:
    """Upload every version as `deploy` does."""
    client = client_of(endpoint)
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    for file in MODELS.rglob("*.*"):
        key = f"models/{file.relative_to(MODELS).as_posix()}"
        client.put_object(Bucket=BUCKET, Key=key, Body=file.read_bytes())


def client_of(endpoint: str) -> Any:
    """boto3's S3 client for the store."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
