"""infctl approve: what it asks for, what it shows, and what it leaves alone."""

import asyncio
import json
import time
from pathlib import Path

import pytest

from infctl.commands.run import run
from infctl.engine.requests import request
from infctl.fakes.cluster import FakeCluster
from infctl.fakes.controllers import date
from infctl.fakes.world import FakeWorld, fake_world
from infctl.model.fence import SYSTEM
from infctl.model.plan import Operation, Plan, Step
from infctl.ports.cluster import CONFIG_MAP, Object

ROOT = Path(__file__).parents[2]
ARGS = {"text": "move traffic \x1b]52;c;AA\x07", "needed": 1, "expires": 900}


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> FakeWorld:
    """A world in which the operator asks for approval of two steps, now."""
    found = fake_world()
    found.clock.now += time.time() - found.clock.wall()
    for cluster in found.clusters.values():
        cluster.controllers.insert(0, date(found.clock))
        asyncio.run(fill(cluster))
    monkeypatch.setattr("infctl.wiring.open_world", lambda platform, environment: found.world())
    return found


async def fill(cluster: FakeCluster) -> None:
    await cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM}})
    for step in ("first", "second"):
        steps = (Step(step, Operation("notify", {"route": "on-call"})),)
        plan = Plan("p", f"plan {step}", "lab", steps)
        await cluster.create(request("01k8run", step, plan, "operator", ARGS))
    cluster.username = "eve"


def decisions(fakes: FakeWorld, region: str) -> list[Object]:
    found = asyncio.run(
        fakes.clusters[region].list(CONFIG_MAP, SYSTEM, "infctl.dev/approval=decision")
    )
    return [o["data"] for o in found]


def infctl(*words: str) -> int:
    return run(["--platform", str(ROOT / "platform.yaml"), "approve", *words])


def test_what_waits_is_listed_without_raw_escapes(
    fakes: FakeWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    assert infctl("--list") == 0
    shown = capsys.readouterr().out
    assert "01k8run" in shown
    assert "second" in shown
    assert "\x1b" not in shown
    assert infctl("--list", "-o", "json") == 0
    items = json.loads(capsys.readouterr().out)["items"]
    assert {i["step"] for i in items} == {"first", "second"}


def test_a_decision_is_written_in_every_region_and_the_plan_is_shown_before(
    fakes: FakeWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    fakes.silence("us-east-1")
    assert infctl("01k8", "--step", "first", "--yes", "-o", "json") == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["items"][0]["decision"] == "approve"
    assert "Plan: plan first" in shown.err
    assert "us-east-1" in shown.err
    for region in ("eu-west-1", "ap-south-1"):
        (made,) = decisions(fakes, region)
        assert (made["by"], made["decision"], made["step"]) == ("eve", "approve", "first")


def test_a_denial_keeps_its_reason_on_one_line_of_json(
    fakes: FakeWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    forged = "ok\n2026-01-01T00:00Z APPROVED by bob\u2028=HYPERLINK(1)"
    words = ("01k8", "--step", "second", "--deny", "--reason", forged, "--yes", "-o", "jsonl")
    assert infctl(*words) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert decisions(fakes, "eu-west-1")[0]["reason"] == forged


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), 2),
        (("01k8",), 2),
        (("nothing", "--yes"), 2),
        (("01k8", "--step", "third", "--yes"), 2),
        (("01k8", "--step", "first", "--deny"), 2),
        (("01k8", "--step", "first", "--deny", "--reason", "x" * 501), 2),
        (("01k8", "--step", "first"), 5),
        (("../..", "--yes"), 2),
        (("\x1b[2J", "--yes"), 2),
    ],
)
def test_what_is_not_clear_or_not_confirmed_decides_nothing(
    fakes: FakeWorld, words: tuple[str, ...], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert infctl(*words) == code
    assert "\x1b" not in capsys.readouterr().err
    assert decisions(fakes, "eu-west-1") == []


def test_without_any_region_it_says_that_it_could_not_ask(fakes: FakeWorld) -> None:
    for region in fakes.clusters:
        fakes.silence(region)
    assert infctl("--list") == 6
