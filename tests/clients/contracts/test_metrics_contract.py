"""What every Metrics does, in memory and as a real Prometheus that scrapes nothing but itself."""

import json
import math
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from infctl.clients.prometheus import PrometheusMetrics
from infctl.errors import InfctlError, Unreachable
from infctl.fakes.metrics import FakeMetrics
from infctl.lab import addresses, locate
from infctl.lab.prometheus import provide
from infctl.ports.metrics import Metrics

SECONDS = 30.0
TRUTHS = {
    "vector(42)": 42.0,
    "vector(0) / vector(0)": math.nan,
    "vector(1) / vector(0)": math.inf,
    "1 + 1": 2.0,
}
NO_DATA = "nobody_scrapes_this"


@pytest.fixture(scope="session")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real server; nothing of it runs afterwards."""
    provide.ensure(print)
    folder = tmp_path_factory.mktemp("prometheus")
    number, claim = locate.claim_number()
    with claim:
        address = f"{addresses.edge(number, 1, 'metrics')}:{addresses.METRICS_PORT}"
        process = _start(folder, address)
        try:
            _wait(f"http://{address}/-/ready")
            yield f"http://{address}"
        finally:
            process.kill()
            process.wait()


def _start(folder: Path, address: str) -> "subprocess.Popen[bytes]":
    own = {"job_name": "own", "static_configs": [{"targets": [address]}]}
    configuration = {"global": {"scrape_interval": "200ms"}, "scrape_configs": [own]}
    (folder / "prometheus.yml").write_text(json.dumps(configuration))
    argv = [
        str(provide.binary()),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
    ]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(argv, stderr=log, stdout=log)


def _wait(url: str) -> None:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"{url} does not answer")


@pytest.fixture(params=["fake", "real"])
def metrics(request: pytest.FixtureRequest) -> Iterator[Metrics]:
    if request.param == "fake":
        fake = FakeMetrics("eu-west-1")
        fake.values |= TRUTHS
        yield fake
        return
    real = PrometheusMetrics("eu-west-1", request.getfixturevalue("prometheus"))
    yield real
    real.close()


@pytest.mark.parametrize("expression", TRUTHS)
async def test_a_value_is_one_sample_and_nan_is_none(metrics: Metrics, expression: str) -> None:
    samples = await metrics.query(expression)
    wanted = TRUTHS[expression]
    assert [sample.value for sample in samples] == ([] if math.isnan(wanted) else [wanted])
    assert all(sample.at > 0 and sample.labels == {} for sample in samples)


async def test_no_data_is_an_empty_list_and_no_zero(metrics: Metrics) -> None:
    assert await metrics.query(NO_DATA) == []


async def test_a_server_says_that_it_is_ready(metrics: Metrics) -> None:
    assert await metrics.ready() is True


async def test_labels_come_with_the_samples(prometheus: str) -> None:
    real = PrometheusMetrics("eu-west-1", prometheus)
    end = time.monotonic() + SECONDS
    while not (found := await real.query("up")) and time.monotonic() < end:
        time.sleep(0.1)  # noqa: ASYNC251 - nothing else runs in this loop
    real.close()
    assert [(s.labels["job"], s.value) for s in found] == [("own", 1.0)]
    assert abs(found[0].at - time.time()) < SECONDS


@pytest.mark.parametrize("expression", ["sum(", "no such thing", "vector(1)[5m:1m]", '"text"', ""])
async def test_an_expression_that_is_none_is_our_mistake_and_not_the_servers(
    prometheus: str, expression: str
) -> None:
    real = PrometheusMetrics("eu-west-1", prometheus)
    with pytest.raises(InfctlError) as caught:
        await real.query(expression)
    real.close()
    assert not isinstance(caught.value, Unreachable)
