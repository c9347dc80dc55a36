"""Row B15 of the reliability catalogue for gates: whatever was not measured never passes."""

import asyncio
import math
from collections.abc import Callable
from typing import Any

import pytest
from one_run import one_run

from infctl.engine.operations.judge import judge_value
from infctl.fakes.endpoint import Mood
from infctl.fakes.metrics import FakeMetrics
from infctl.fakes.world import FakeWorld, fake_world
from infctl.model.outcome import Word
from infctl.model.plan import Operation
from infctl.model.run import RunState
from infctl.ports.metrics import Sample

REGIONS = ("eu-west-1", "us-east-1")


def judge(on_blind: str = "pause", **changes: Any) -> Operation:
    signal = {
        "queries": dict.fromkeys(REGIONS, "errors"),
        "ages": dict.fromkeys(REGIONS, "age"),
        "samples": dict.fromkeys(REGIONS, "requests"),
        "better": "lower",
        "bound": 0.01,
        "least": 100,
        **changes,
    }
    return Operation("judge", {"signals": {"errors": signal}, "on_blind": on_blind})


def measured(errors: float = 0.001, age: float = 5.0, requests: float = 500.0) -> FakeWorld:
    fakes = fake_world()
    for metrics in fakes.metrics.values():
        metrics.values |= {"errors": errors, "age": age, "requests": requests}
    return fakes


class Odd(FakeMetrics):
    """A server that answers what no Prometheus should."""

    answer: Callable[[], list[Sample]]

    async def query(self, expression: str) -> list[Sample]:
        return self.answer()


def odd(fakes: FakeWorld, answer: Callable[[], list[Sample]]) -> None:
    server = Odd(REGIONS[0], fakes.clock)
    server.answer = answer
    fakes.metrics[REGIONS[0]] = server


def silent(fakes: FakeWorld) -> None:
    fakes.metrics[REGIONS[0]].endpoint.mood = Mood.SILENT


def refusing(fakes: FakeWorld) -> None:
    fakes.metrics[REGIONS[0]].endpoint.mood = Mood.REFUSING


def empty(fakes: FakeWorld) -> None:
    fakes.metrics[REGIONS[0]].values.clear()


def not_a_number(fakes: FakeWorld) -> None:
    odd(fakes, lambda: [Sample({}, math.nan, fakes.clock.wall())])


def infinite(fakes: FakeWorld) -> None:
    odd(fakes, lambda: [Sample({}, -math.inf, fakes.clock.wall())])


def ten_minutes_old(fakes: FakeWorld) -> None:
    odd(fakes, lambda: [Sample({}, 0.001, fakes.clock.wall() - 600)])


def scraped_long_ago(fakes: FakeWorld) -> None:
    fakes.metrics[REGIONS[0]].values["age"] = 91.0


def several(fakes: FakeWorld) -> None:
    odd(fakes, lambda: [Sample({"pod": p}, 0.0, fakes.clock.wall()) for p in "ab"])


BLIND = [
    silent,
    refusing,
    empty,
    not_a_number,
    infinite,
    ten_minutes_old,
    scraped_long_ago,
    several,
]


async def test_what_is_within_its_bound_in_every_region_passes() -> None:
    run = one_run(judge(), fakes=measured(), timeout=10)
    assert await run.carry() == (RunState.COMPLETED, "")


@pytest.mark.parametrize("blind", BLIND, ids=lambda b: b.__name__)
async def test_no_data_never_passes_and_the_verdict_is_there_within_ten_seconds(
    blind: Callable[[FakeWorld], None],
) -> None:
    run = one_run(judge(), fakes=measured(), timeout=10)
    blind(run.fakes)
    assert (await run.carry())[0] is RunState.FAILED
    assert run.fakes.clock.now <= 1011
    assert not any(r.kind == "done" for r in run.records.written)


@pytest.mark.parametrize("blind", BLIND, ids=lambda b: b.__name__)
async def test_with_a_typed_acknowledgement_of_what_is_missing_it_goes_on(
    blind: Callable[[FakeWorld], None],
) -> None:
    run = one_run(judge("continue_after_ack"), fakes=measured(), timeout=10)
    blind(run.fakes)
    run.answer("without errors")
    assert (await run.carry())[0] is RunState.COMPLETED
    assert "acknowledged: without errors" in run.step().evidence


@pytest.mark.parametrize("words", ["yes", "without", "without latency", "WITHOUT errors"])
async def test_an_acknowledgement_of_something_else_counts_for_nothing(words: str) -> None:
    run = one_run(judge("continue_after_ack"), fakes=measured(), timeout=10)
    empty(run.fakes)
    run.answer(words)
    assert (await run.carry())[0] is RunState.FAILED


async def test_an_acknowledgement_does_not_make_bad_good() -> None:
    run = one_run(judge("continue_after_ack"), fakes=measured(errors=0.5), timeout=10)
    empty(run.fakes)
    run.answer("without errors")
    assert (await run.carry())[0] is RunState.FAILED
    assert "judged bad" in run.step().evidence[0]


async def test_measured_and_bad_ends_at_once_and_is_not_asked_until_it_passes() -> None:
    run = one_run(judge(), fakes=measured(errors=0.5), timeout=600)
    assert (await run.carry())[0] is RunState.FAILED
    assert run.fakes.clock.now == pytest.approx(1000)


async def test_a_server_that_hangs_is_blind_within_its_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("infctl.engine.operations.judge._DEADLINE", 0.05)
    run = one_run(judge(), fakes=measured(), timeout=1)
    run.fakes.metrics[REGIONS[0]].endpoint.mood = Mood.HANGING
    async with asyncio.timeout(20):
        assert (await run.carry())[0] is RunState.FAILED


@pytest.mark.parametrize(
    ("value", "age", "samples", "better", "word"),
    [
        (0.01, 0, 100, "lower", Word.PASSED),
        (0.0100001, 0, 100, "lower", Word.FAILED),
        (0.01, 0, 100, "higher", Word.PASSED),
        (0.0099, 0, 100, "higher", Word.FAILED),
        (0.0, 0, 99, "lower", Word.INCONCLUSIVE),
        (0.5, 0, 99, "lower", Word.INCONCLUSIVE),
        (0.0, 90.0, 100, "lower", Word.PASSED),
        (0.0, 90.1, 100, "lower", Word.ERRORED),
        (0.0, -90.1, 100, "lower", Word.ERRORED),
        (None, 0, 100, "lower", Word.ERRORED),
        (0.0, None, 100, "lower", Word.ERRORED),
        (0.0, 0, None, "lower", Word.ERRORED),
        (math.nan, 0, 100, "lower", Word.ERRORED),
        (math.inf, 0, 100, "higher", Word.ERRORED),
        (0.0, math.nan, 100, "lower", Word.ERRORED),
        (0.0, 0, math.nan, "lower", Word.ERRORED),
    ],
)
def test_a_value_is_held_to_its_bound(
    value: float | None, age: float | None, samples: float | None, better: str, word: Word
) -> None:
    signal = {"better": better, "bound": 0.01, "least": 100}
    assert judge_value("x", value, age, samples, signal).word is word
