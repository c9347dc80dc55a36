"""Whatever answers as Prometheus, the client ends in time with an error that can be shown."""

import time

import pytest
from hostile_server import BEHAVIOURS, ESCAPES, answer, black_hole, serving

import infctl.clients.bounded_http
import infctl.clients.prometheus
from infctl.clients.prometheus import PrometheusMetrics
from infctl.errors import CredentialsError, InfctlError, Unreachable
from infctl.model.text import clean

PATIENCE = 1.5
MARGIN = 1.5
LARGEST = 1_000_000


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(infctl.clients.prometheus, "READ_SECONDS", PATIENCE)
    monkeypatch.setattr(infctl.clients.prometheus, "CALL_SECONDS", PATIENCE + 0.3)
    monkeypatch.setattr(infctl.clients.bounded_http, "LARGEST", LARGEST)


async def failure_of(address: str, verb: str = "query") -> InfctlError:
    metrics = PrometheusMetrics("eu-west-1", f"http://{address}")
    started = time.monotonic()
    with pytest.raises(InfctlError) as caught:
        await (metrics.query("up") if verb == "query" else metrics.ready())
    metrics.close()
    assert time.monotonic() - started < PATIENCE + MARGIN
    error = caught.value
    assert error.what == clean(error.what)
    assert len(error.what) < 600
    assert "eu-west-1" in error.what
    return error


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
async def test_what_is_no_answer_is_unreachable(behaviour: str) -> None:
    with serving(BEHAVIOURS[behaviour]) as address:
        assert isinstance(await failure_of(address), Unreachable)


async def test_a_server_that_cannot_be_connected_to_is_unreachable() -> None:
    with black_hole() as address:
        assert isinstance(await failure_of(address), Unreachable)
    assert isinstance(await failure_of(address), Unreachable), "nobody listens there now"


@pytest.mark.parametrize("verb", ["query", "ready"])
@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, CredentialsError), (403, CredentialsError), (500, Unreachable), (302, Unreachable)],
)
async def test_a_refusal_is_told_by_its_kind(status: int, kind: type, verb: str) -> None:
    with serving(answer(ESCAPES.encode(), status)) as address:
        assert isinstance(await failure_of(address, verb), kind)


async def test_a_server_that_is_not_ready_says_so_without_an_error() -> None:
    with serving(answer(b"Service Unavailable", 503, "text/plain")) as address:
        metrics = PrometheusMetrics("eu-west-1", f"http://{address}")
        assert await metrics.ready() is False
        metrics.close()


async def test_texts_in_labels_are_cleaned() -> None:
    row = '{"metric": {"pod": "\\u001b[31mx"}, "value": [1.0, "2"]}'
    body = f'{{"status": "success", "data": {{"resultType": "vector", "result": [{row}]}}}}'
    with serving(answer(body.encode())) as address:
        metrics = PrometheusMetrics("eu-west-1", f"http://{address}")
        (sample,) = await metrics.query("up")
        metrics.close()
    assert sample.labels["pod"] == clean(sample.labels["pod"])


async def test_a_silent_server_is_left_alone_after_three_questions() -> None:
    with serving(BEHAVIOURS["a hang-up"]) as address:
        metrics = PrometheusMetrics("eu-west-1", f"http://{address}")
        for _ in range(4):
            with pytest.raises(Unreachable) as caught:
                await metrics.query("up")
        metrics.close()
    assert "does not answer" in caught.value.what
