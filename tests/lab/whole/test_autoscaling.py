"""Load until saturation: the queue grows, pods follow by the published formula, latency recovers.

INFCTL_WHOLE=1 runs it, on a lab of one region whose pods have one slot each.
"""

import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from living import ROOT, Living
from scaling_history import NAME, Recorder, Sample, published, rises

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not os.environ.get("INFCTL_WHOLE"), reason="takes five minutes"),
]
CHANGES = {
    "models_source: ": f"models_source: {ROOT}/",
    "slots: 4": "slots: 1",
    "service_time: 20ms": "service_time: 50ms",
    "target_latency: 200ms": "target_latency: 400ms\n  polling: 5s",
}
"""Two pods of one slot serve 40 requests/s.

36 clients then wait for 0.9 s at most, which is within the time that the gateway gives a try.
"""
RATE, PEAK, CLIENTS = 10, 70, 36
AFTER, OVER, HELD = 15, 20, 75
"""Seconds at the rate, up to the peak, and at the peak."""


@pytest.fixture(scope="module")
def small() -> Iterator[Living]:
    """A lab of one region that serves."""
    with tempfile.TemporaryDirectory(prefix="i-") as folder:
        found = Living(Path(folder))
        text = (ROOT / "platform.yaml").read_text()
        for old, new in CHANGES.items():
            assert old in text
            text = text.replace(old, new)
        platform = Path(folder) / "platform.yaml"
        platform.write_text(text)
        found.environment["INFCTL_PLATFORM"] = str(platform)
        try:
            found.run("lab", "up", "--regions", "1", timeout=200)
            found.run("deploy", "apply", timeout=200)
            yield found
        finally:
            found.run("lab", "down", timeout=60)


@pytest.fixture(scope="module")
def recorder(small: Living) -> Recorder:
    """What became of pods, queue and autoscaler under the load."""
    found = Recorder(small.lab())
    ramp = ("--shape", "ramp", "--peak", str(PEAK), "--over", f"{OVER}s", "--after", f"{AFTER}s")
    much = ("--rate", str(RATE), "--users", str(CLIENTS), "--for", "5m")
    found.start()
    small.run("lab", "load", "start", *much, *ramp)
    time.sleep(AFTER + OVER + HELD)
    small.run("lab", "load", "stop")
    found.stop()
    return found


@pytest.fixture(scope="module")
def answers(small: Living, recorder: Recorder) -> list[tuple[float, float, int]]:
    """When each request ended after the first, its milliseconds, and whether it was answered."""
    (table,) = small.home.rglob("requests.sqlite")
    with closing(sqlite3.connect(table)) as connection:
        rows = connection.execute("SELECT ended, latency_ms, ok FROM requests ORDER BY ended")
        found = [(float(at), float(ms), int(ok)) for at, ms, ok in rows]
    return [(at - found[0][0], ms, ok) for at, ms, ok in found]


def wanted(samples: list[Sample]) -> list[int]:
    """The numbers of pods that were wanted, one after the other."""
    found: list[int] = []
    for sample in samples:
        if not found or found[-1] != sample.wanted:
            found.append(sample.wanted)
    return found


def test_the_queue_grows_and_pods_follow_by_the_published_formula(recorder: Recorder) -> None:
    samples = recorder.samples
    assert max(s.queue for s in samples) > 2 * 8
    sizes = wanted(samples)
    print("pods wanted:", sizes, "largest queue:", max(s.queue for s in samples))
    assert sizes[0] == 2
    assert max(sizes) >= 4
    decided = rises(samples)
    assert decided
    for sample in decided:
        expected = published(sample)
        print(sample.status["desiredReplicas"], "of", expected, sample.status["currentMetrics"])
        assert sample.status["desiredReplicas"] in expected


def test_each_change_is_explained_by_an_event(recorder: Recorder) -> None:
    told = {e["message"] for e in recorder.events if e["reason"] == "SuccessfulRescale"}
    for size in wanted(recorder.samples)[1:]:
        reasons = [m for m in told if m.startswith(f"New size: {size}; reason: ")]
        print(reasons)
        assert reasons, (size, told)
    about = {e["involvedObject"]["name"] for e in recorder.events}
    assert {NAME, f"keda-hpa-{NAME}"} <= about


def test_latency_recovers(answers: list[tuple[float, float, int]]) -> None:
    begun = AFTER + OVER
    strained = [ms for at, ms, _ in answers if begun - 10 <= at < begun + 15]
    late = answers[-1][0] - 20
    settled = [ms for at, ms, _ in answers if at >= late]
    before, after = (statistics.quantiles(ms, n=100)[98] for ms in (strained, settled))
    refused = sum(1 for *_, ok in answers if not ok)
    rate = len(settled) / 20
    print(f"p99 {before:.0f} ms, then {after:.0f} ms; {rate:.0f}/s; {refused} not answered")
    assert after < before / 2
    assert after < 400
    assert rate > 0.9 * PEAK


def test_a_deployment_leaves_the_number_of_pods_to_the_autoscaler(
    small: Living, recorder: Recorder
) -> None:
    before = recorder.samples[-1].wanted
    done = small.run("deploy", "apply", timeout=200).stdout
    print(done)
    region = small.lab().regions[0].name
    (row,) = [line.split() for line in done.splitlines() if line.startswith(f"{region} ")]
    assert row[1] == "unchanged"
    after = small.read("status", code=None)["items"]
    (replicas,) = [item["replicas"]["value"] for item in after if item["name"] == region]
    assert before > 2
    assert replicas["wanted"] == before
