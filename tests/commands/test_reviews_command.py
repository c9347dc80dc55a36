"""infctl reviews: open until somebody closes them, on any machine, with every cluster told."""

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "executor"))

from healthy_world import healthy_world

import infctl.wiring
from infctl.commands.completing import complete
from infctl.commands.completion_tree import build_tree
from infctl.commands.run import run
from infctl.engine.alarm_records import read_records, record_name
from infctl.executor.alarms import keep_alarm, waiting
from infctl.fakes.endpoint import Mood
from infctl.fakes.world import FakeWorld
from infctl.model.alarm import Alarm, Closing, Review
from infctl.model.fence import SYSTEM
from infctl.ports.cluster import CONFIG_MAP

ROOT = Path(__file__).parents[2]
HERE = "eu-west-1"
RUN = "01m8dd5pfz8cs0bqnq1mh2eems"
ALARM = Alarm(RUN, "fake", "fail over\x1b[2J", ("capacity",), "=1+1", "ann@a", 1.0, ("it was low",))
Call = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeWorld:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    found = asyncio.run(healthy_world(monkeypatch, tmp_path / "infctl"))
    monkeypatch.setattr(infctl.wiring, "open_world", lambda *_: found.world("fake"))
    return found


@pytest.fixture
def call(fake: FakeWorld, capsys: pytest.CaptureFixture[str]) -> Call:
    def done(*arguments: str) -> tuple[int, Any, str]:
        code = run(["--platform", str(ROOT / "platform.yaml"), "reviews", *arguments])
        out, err = capsys.readouterr()
        return int(code), json.loads(out) if "json" in arguments else out, err

    return done


def _states(fake: FakeWorld) -> set[str]:
    async def read() -> set[str]:
        answers = [await read_records(c, "fake") for c in fake.clusters.values()]
        return {r.state for answer in answers for r in answer}

    return asyncio.run(read())


def test_a_review_is_open_until_it_is_closed_with_a_reason(fake: FakeWorld, call: Call) -> None:
    keep_alarm(ALARM)
    code, listed, err = call("list", "-o", "json")
    assert (code, listed["kind"], listed["metadata"]["open"]) == (0, "ReviewList", 1)
    assert (listed["items"][0]["name"], listed["items"][0]["state"]) == (RUN, "open")
    assert "1 open, 0 closed" in err
    assert call("close", RUN)[0] == 2
    code, closed, _ = call("close", RUN[:6], "--reason", "all was well", "-o", "json")
    assert (code, closed["items"][0]["state"]) == (0, "closed")
    assert closed["items"][0]["closed_why"] == "all was well"
    assert _states(fake) == {"closed"}
    assert call("list", "-o", "json")[1]["items"] == []
    assert [i["state"] for i in call("list", "--all", "-o", "json")[1]["items"]] == ["closed"]


def test_a_review_is_closed_once(call: Call) -> None:
    keep_alarm(ALARM)
    assert call("close", RUN, "--reason", "first")[0] == 0
    code, _, err = call("close", RUN, "--reason", "second")
    assert (code, "first" in err) == (5, True)


def test_a_colleague_sees_it_and_closes_it(
    fake: FakeWorld, call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    keep_alarm(ALARM)
    call("list")
    colleague = tmp_path / "colleague"
    (colleague / "infctl").mkdir(parents=True, mode=0o700)
    monkeypatch.setenv("XDG_STATE_HOME", str(colleague))
    fake.clusters[HERE].endpoint.mood = Mood.SILENT
    code, listed, err = call("list", "-o", "json")
    assert (code, [i["name"] for i in listed["items"]]) == (6, [RUN])
    assert f"what {HERE} knows was not read" in err
    told = fake.notices.routes["on-call"].calls
    fake.notices.taken.clear()
    code, _, err = call("close", RUN, "--reason", "seen")
    assert (code, f"cluster/{HERE} is told later" in err) == (0, True)
    assert fake.notices.routes["on-call"].calls == told, "its own machine tells the routes"
    fake.clusters[HERE].endpoint.mood = Mood.ANSWERING
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert call("list", "-o", "json")[1]["items"] == []
    monkeypatch.setenv("XDG_STATE_HOME", str(colleague))
    call("list")
    assert _states(fake) == {"closed"}


def test_what_was_closed_in_one_cluster_is_closed_everywhere_after_a_look(
    fake: FakeWorld, call: Call
) -> None:
    keep_alarm(ALARM)
    call("list")

    async def close_in_one() -> None:
        from infctl.engine.alarm_records import write_record

        await write_record(fake.clusters[HERE], Review(ALARM, Closing("bob@b", 2.0, "ok")))

    asyncio.run(close_in_one())
    assert call("list", "-o", "json")[1]["items"] == []
    assert waiting("fake")[0].review.state == "closed"
    call("list")
    assert _states(fake) == {"closed"}


def test_nothing_that_a_review_says_reaches_the_terminal_raw(call: Call) -> None:
    keep_alarm(ALARM)
    for form in ("table", "wide"):
        _, out, err = call("list", "-o", form)
        assert "\x1b" not in out + err


def test_a_record_of_somebody_else_hides_no_alarm(fake: FakeWorld, call: Call) -> None:
    manifest = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": record_name(RUN), "namespace": SYSTEM, "labels": {"x": "y"}},
        "data": {"alarm": "{}", "closing": "nonsense"},
    }
    asyncio.run(fake.clusters[HERE].create(manifest))
    keep_alarm(ALARM)
    call("list")
    found = asyncio.run(fake.clusters[HERE].read(CONFIG_MAP, record_name(RUN), SYSTEM))
    assert found is not None
    assert RUN in found["data"]["alarm"]
    assert _states(fake) == {"open"}


@pytest.mark.parametrize("name", ["", "zz", "../x", "\x1b[2J"])
def test_a_review_that_nobody_knows_is_a_usage_error(name: str, call: Call) -> None:
    keep_alarm(ALARM)
    code, _, err = call("close", name, "--reason", "x")
    assert (code, "\x1b" in err) == (2, False)


def test_open_reviews_are_completed(fake: FakeWorld, call: Call) -> None:
    keep_alarm(ALARM)
    tree = build_tree()
    assert complete(tree, ["reviews", "close"], "01") == [(RUN, "")]
    assert [word for word, _ in complete(tree, ["reviews"], "")] == ["list", "close"]
    call("close", RUN, "--reason", "x")
    assert complete(tree, ["reviews", "close"], "01") == []
