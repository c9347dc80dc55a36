"""Metrics of a real Prometheus and events of a real API server, recorded."""

import asyncio
import contextlib
import itertools
import json
import socket
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from real_control_plane import ControlPlane

from infctl.lab import addresses, locate, pki
from infctl.lab.prometheus import parts, prepare, provide
from infctl.lab.recording import events, openmetrics
from infctl.lab.recording.folder import Folder
from infctl.lab.recording.metrics import MetricsTape, MetricsUnread
from infctl.lab.recording.scrub import REMOVED, Scrubber
from infctl.lab.spec import Lab, Region

SECONDS = 20.0
TOKEN = "bearer-of-nobody-0123456789"


async def until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    found = Folder(tmp_path / "recording", 50_000_000)
    found.make()
    return found


def test_every_sample_is_kept_once_and_promtool_imports_them(
    tmp_path: Path, folder: Folder
) -> None:
    number, claim = locate.claim_number()
    lab = Lab("recorded", number, tmp_path, (Region("eu-west-1", 1),))
    with claim:
        pki.ensure_authority(lab)
        prepare(lab, lab.regions[0])
        part = parts(lab, lab.regions[0])[0]
        with subprocess.Popen(part.argv, env=dict(part.environment), cwd=tmp_path) as process:
            try:
                pieces = asyncio.run(_two_pieces(part.addresses[0], folder))
            finally:
                process.kill()
    samples = [s for piece in pieces for s in openmetrics.parse(piece.read_text())]
    places = [(s.name, tuple(sorted(s.labels.items())), s.at) for s in samples]
    assert len(places) == len(set(places))
    ups = sorted({s.at for s in samples if s.name == "up"})
    assert len(ups) >= 2
    assert max(b - a for a, b in itertools.pairwise(ups)) < 2 * lab.timings.scrape_interval
    argv = (str(provide.binary("promtool")), "tsdb", "create-blocks-from", "openmetrics")
    paths = (str(pieces[-1]), str(tmp_path / "blocks"))
    subprocess.run([*argv, *paths], check=True, capture_output=True, timeout=30)
    assert list((tmp_path / "blocks").glob("*/meta.json"))


async def _two_pieces(address: str, folder: Folder) -> list[Path]:
    """Two pieces, each with a scrape or more."""
    await until(lambda: _is_open(address))
    tape = MetricsTape("eu-west-1", f"http://{address}", folder, Scrubber([]), time.time())
    async with aiohttp.ClientSession() as session:
        for _ in range(2):
            deadline, before = time.monotonic() + SECONDS, tape.samples
            while tape.samples == before:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.5)
                with contextlib.suppress(MetricsUnread):
                    await tape.keep(session)
    return sorted((folder.path / "metrics" / "eu-west-1").glob("*.om"))


def _is_open(address: str) -> bool:
    host, _, port = address.partition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


async def test_without_a_prometheus_nothing_is_kept_and_that_is_told(folder: Folder) -> None:
    base = f"http://127.203.8.1:{addresses.METRICS_PORT}"
    tape = MetricsTape("eu-west-1", base, folder, Scrubber([]), time.time() - 5)
    async with aiohttp.ClientSession() as session:
        with pytest.raises(MetricsUnread):
            await tape.keep(session)
    assert not (folder.path / "metrics").exists()


def test_events_are_followed_without_secrets_and_without_those_of_before(
    control_plane: ControlPlane, folder: Folder
) -> None:
    control_plane.make_namespace("recorded")
    control_plane.run(_make_and_follow(control_plane, folder))
    lines = (folder.path / "events" / "eu-west-1.jsonl").read_text().splitlines()
    found = [json.loads(line) for line in lines]
    ours = [event for event in found if event["metadata"]["namespace"] == "recorded"]
    assert [event["reason"] for event in ours] == ["Second", "Third"]
    assert ours[0]["note"] == f"failed with {REMOVED}"
    assert TOKEN not in "".join(lines)


async def _make_and_follow(plane: ControlPlane, folder: Folder) -> None:
    path = "/apis/events.k8s.io/v1/namespaces/recorded/events"
    kept = folder.path / "events" / "eu-west-1.jsonl"
    async with plane.cluster("lab") as cluster:
        secret = {"metadata": {"name": "s"}, "stringData": {"token": TOKEN}}
        await cluster.create("/api/v1/namespaces/recorded/secrets", secret)
        await cluster.create(path, _event("First", time.time() - 100, "of before"))
        since = time.time()
        await cluster.create(path, _event("Second", since + 1, f"failed with {TOKEN}"))
        follower = asyncio.create_task(
            events.follow(cluster, folder, "eu-west-1", Scrubber([TOKEN]), since)
        )
        await until(lambda: kept.exists() and "Second" in kept.read_text())
        await cluster.create(path, _event("Third", since + 2, "later"))
        await until(lambda: "Third" in kept.read_text())
        follower.cancel()


def _event(reason: str, at: float, note: str) -> dict[str, Any]:
    moment = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {
        "metadata": {"name": reason.lower(), "namespace": "recorded"},
        "eventTime": moment,
        "reason": reason,
        "note": note,
        "type": "Warning",
        "action": "Testing",
        "reportingController": "infctl.dev/test",
        "reportingInstance": "test",
        "regarding": {"kind": "Pod", "namespace": "recorded", "name": "p"},
    }
