"""Copies of runs in clusters are outside texts: read with clear words, and nothing is believed."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "executor"))

from kept_copies import (
    BEGUN,
    ENVIRONMENT,
    PLAN,
    holding,
    keep,
    manifests,
    new_world,
    order_of,
    records_of,
)
from test_planted_files import HOSTILE as HOSTILE_NAMES

from infctl.commands.run import run as run_command
from infctl.engine.mirror import ORDER, chunk_manifest
from infctl.engine.order import RUN_ID
from infctl.errors import Exit
from infctl.executor import launch
from infctl.fakes.world import FakeWorld
from infctl.model.journal import Kind
from infctl.ports.cluster import Object

ROOT = Path(__file__).parents[2]
RUN = "01hzy0000000000000000000aa"
HONEST = "01hzy0000000000000000000bb"
OTHER = "01hzy0000000000000000000cc"
FORBIDDEN = {*map(chr, range(0x20)), "\x7f", "\x9b", "\u202e", "\u2028"} - {"\n"}


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeWorld:
    """An environment with one honest run of another machine; executors that end at once."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    found = asyncio.run(new_world())
    monkeypatch.setattr("infctl.wiring.open_world", lambda *_: found.world(ENVIRONMENT))
    monkeypatch.setattr(launch, "EXECUTOR", (sys.executable, "-S", "-c", "raise SystemExit(5)"))
    asyncio.run(keep(found, *manifests(HONEST, records_of(HONEST, *BEGUN))))
    return found


def infctl(*words: str) -> int:
    return run_command(["--platform", str(ROOT / "platform.yaml"), *words])


def listed(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, dict[str, Any]]:
    """What the list says of each run, with -o json."""
    capsys.readouterr()
    assert infctl("runs", "list", "--clusters", *words, "-o", "json") == Exit.DONE
    return {item["name"]: item for item in json.loads(capsys.readouterr().out)["items"]}


def test_a_run_whose_executor_nobody_heard_is_listed_in_doubt(
    fake: FakeWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(holding(fake, HONEST))
    item = listed(capsys)[HONEST]
    assert (item["state"], item["executor"], item["code"]) == ("running", "alive", 0)
    assert item["heard"] < 5
    fake.clock.now += 40
    item = listed(capsys)[HONEST]
    assert (item["state"], item["executor"], item["code"]) == ("in_doubt", "gone", 6)
    assert item["heard"] == pytest.approx(43.5, abs=5)
    assert infctl("runs", "list", "--clusters") == Exit.DONE
    shown = capsys.readouterr().out
    assert "in_doubt" in shown
    assert "s ago" in shown
    assert infctl("runs", "attach", HONEST) == Exit.UNDECIDED
    assert "its executor was not heard for" in capsys.readouterr().out


def test_a_region_that_does_not_answer_is_named(
    fake: FakeWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.silence("us-east-1")
    assert infctl("runs", "list", "--clusters", "-o", "json") == Exit.UNDECIDED
    printed = capsys.readouterr()
    assert json.loads(printed.out)["metadata"]["partial"] is True
    assert "us-east-1: " in printed.err


Content = Mapping[str, Any]


def _with(*contents: Content, **changes: Any) -> list[Object]:
    """The run with more records than it had, or with others."""
    return manifests(RUN, records_of(RUN, *(contents or BEGUN), **changes))


def _order(**changes: Any) -> list[Object]:
    return manifests(RUN, records_of(RUN, *BEGUN), {**order_of(RUN), **changes})


def _raw(**data: Any) -> list[Object]:
    """ConfigMaps with these texts in the place of the order and of records."""
    return [chunk_manifest(RUN, ENVIRONMENT, 0, data)]


def _plan(**changes: Any) -> list[Object]:
    """A plan that was made elsewhere, whole and with its own digest."""
    plan = replace(PLAN, **changes)
    begun = ({"kind": Kind.PLAN, "args": plan.to_json()}, *BEGUN[1:])
    return manifests(RUN, records_of(RUN, *begun, digest=plan.digest), order_of(RUN, plan))


def _record(**changes: Any) -> list[Object]:
    """The run's last record with a field of another type."""
    return _with(*BEGUN[:2], {**BEGUN[2], **changes})


def _next(kind: str, **content: Any) -> list[Object]:
    return _with(*BEGUN, {"kind": kind, **content})


ESCAPES = "\x1b]52;c;aWQ=\x07\x1b[2J\x9b2J\u202eevil\u2028\r\nrun/forged\ud800"
HOSTILE: dict[str, Callable[[], list[Object]]] = {
    "escapes in a summary": lambda: _plan(summary=ESCAPES),
    "escapes in a plan's environment": lambda: _plan(environment=ESCAPES),
    "escapes in a step": lambda: _plan(steps=(replace(PLAN.steps[0], id=ESCAPES),)),
    "escapes in an actor": lambda: _order(actor=ESCAPES),
    "escapes in a record's actor": lambda: _with(*({**b, "actor": ESCAPES} for b in BEGUN)),
    "escapes in evidence": lambda: _next("done", step="a", result={"evidence": [ESCAPES]}),
    "escapes in a note": lambda: _next("observed", result={"evidence": [ESCAPES]}),
    "escapes in a reason": lambda: _next(
        "pause", args={"state": "paused_by_operator", "reason": ESCAPES}
    ),
    "escapes in a result": lambda: _next(
        "head", result={"state": "failed", "exit": 1, "reason": ESCAPES, "summary": [ESCAPES]}
    ),
    "a huge summary": lambda: _plan(summary="x" * 300_000),
    "a huge note": lambda: _next("observed", result={"evidence": ["x" * 800_000]}),
    "a summary that is a number": lambda: _plan(summary=7),
    "a summary that is a list": lambda: _plan(summary=[[]]),
    "a plan's environment that is none": lambda: _plan(environment=None),
    "steps with one name": lambda: _plan(steps=PLAN.steps * 2),
    "no steps": lambda: _plan(steps=()),
    "a plan of another digest": lambda: _order(digest="0" * 64),
    "a digest that is a list": lambda: _order(digest=[]),
    "an order of another run": lambda: _order(run=OTHER),
    "an order of a path": lambda: _order(run="../../../etc"),
    "an order of another environment": lambda: _order(environment="../../prod"),
    "a platform file with a zero": lambda: _order(platform="a\x00b"),
    "a report elsewhere": lambda: _order(report="/etc/cron.d/x"),
    "an overlay that is a path": lambda: _order(overlay="../../x"),
    "an overlay that is a number": lambda: _order(overlay=7),
    "on_failure that is no word": lambda: _order(on_failure="explode"),
    "guards that are no names": lambda: _order(overridden=[7, [], ESCAPES]),
    "an order that is torn": lambda: _raw(**{ORDER: json.dumps(order_of(RUN))[:-9]}),
    "an order that is deep": lambda: _raw(**{ORDER: "[" * 100_000}),
    "an order with a deep plan": lambda: _raw(**{ORDER: f'{{"run":"{RUN}","plan":' + "[" * 9999}),
    "records that are deep": lambda: _raw(**{"r000001.1": "[" * 100_000}),
    "records that are torn": lambda: [
        chunk_manifest(RUN, ENVIRONMENT, 0, {k: v[:-7] for k, v in _with()[0]["data"].items()})
    ],
    "data that is a list": lambda: [{**_with()[0], "data": ["x"]}],
    "data that is numbers": lambda: [{**_with()[0], "data": {"r000001.1": 7, ORDER: None}}],
    "a record of another run": lambda: _record(run=OTHER),
    "records of another plan": lambda: _with(*BEGUN, digest="0" * 64),
    "another plan in the first record": lambda: _with(
        {**BEGUN[0], "args": replace(PLAN, summary="Another").to_json()}, *BEGUN[1:]
    ),
    "a first record without a plan": lambda: _with({**BEGUN[0], "args": None}, *BEGUN[1:]),
    "a first record that is no plan": lambda: _with(*BEGUN[1:]),
    "a number that is a list": lambda: [_renumbered([])],
    "a number that is a truth": lambda: [_renumbered(True)],
    "a number that is a text": lambda: [_renumbered("1")],
    "a fence that is a text": lambda: [*_record(fence="9"), *_elsewhere(_record(fence=2))],
    "a fence that is a list": lambda: [*_record(fence=[]), *_elsewhere(_record(fence=2))],
    "a kind that is a list": lambda: _record(kind=[]),
    "a step that is a list": lambda: _record(step=[]),
    "a step that is unknown": lambda: _record(step="z"),
    "an attempt that is a text": lambda: _record(attempt="x"),
    "a moment that is a text": lambda: _with(*({**b, "at": "now"} for b in BEGUN)),
    "a moment that is no number": lambda: _with(*BEGUN, at=float("nan")),
    "a moment without end": lambda: _with(*BEGUN, at=float("inf")),
    "a moment beyond all years": lambda: _with(*BEGUN, at=1e300),
    "a moment before all years": lambda: _with(*BEGUN, at=-1e15),
    "an actor that is a list": lambda: _with(*({**b, "actor": []} for b in BEGUN)),
    "a holder that is a text": lambda: _with(BEGUN[0], {"kind": Kind.LEASE, "args": "x"}),
    "a holder of lists": lambda: _with(BEGUN[0], {"kind": Kind.LEASE, "args": {"host": [[]]}}),
    "a head without a result": lambda: _next("head"),
    "a head of no state": lambda: _next("head", result={"state": "splendid", "exit": 0}),
    "a head that is a list": lambda: _next("head", result=[]),
    "a head without an exit": lambda: _next("head", result={"state": "completed"}),
    "a head with a word for an exit": lambda: _next(
        "head", result={"state": "completed", "exit": "zero", "reason": [], "summary": 7}
    ),
    "a head with an exit beyond all": lambda: _next(
        "head", result={"state": "completed", "exit": 1e300, "outcome": [], "evidence": 3}
    ),
    "a pause of no state": lambda: _next("pause", args={"state": "gone"}),
    "a pause without words": lambda: _next("pause"),
    "a pause with a list for a reason": lambda: _next(
        "pause", args={"state": "paused_by_operator", "reason": [ESCAPES]}
    ),
    "a resume without words": lambda: _next("resume"),
    "evidence that is a number": lambda: _next("done", step="a", result={"evidence": 7}),
    "evidence of lists": lambda: _next("done", step="a", result={"evidence": [[], {}]}),
    "a kind of a later release": lambda: _next("levitated", result={"x": 1}),
    "an answer of lists": lambda: _next("approve", step="a", args={"answer": []}),
    "undo that is no operation": lambda: _record(undo="rm -rf /"),
}


COMMANDS = [
    *(["show", RUN], ["resume", RUN, "--timeout", "1"], ["export", RUN]),
    *(
        ["list", "--clusters"],
        ["show", RUN, "-o", "json"],
        ["undo", RUN],
        ["attach", RUN, "--timeout", "1"],
    ),
][: None if os.environ.get("INFCTL_WHOLE") else 3]
"""All of them, or those that read what the others read as well."""


def _renumbered(seq: object) -> Object:
    """The first record claims another number."""
    found = _with()[0]
    return {
        **found,
        "data": {
            key: text.replace('"seq":1,', f'"seq":{json.dumps(seq)},')
            for key, text in found["data"].items()
        },
    }


def _elsewhere(objects: list[Object]) -> list[Object]:
    """The same under another name, as a second holder writes beside the first."""
    return [
        {**o, "metadata": {**o["metadata"], "name": f"beside-{n}"}} for n, o in enumerate(objects)
    ]


def _outside(folder: Path) -> dict[str, bytes]:
    """Every file that is not in a run's own folder."""
    return {
        str(path): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not any(RUN_ID.fullmatch(part) for part in path.parts)
    }


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_copies_are_no_traceback_and_touch_no_file_outside(
    name: str, fake: FakeWorld, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(keep(fake, *HOSTILE[name]()))
    assert HONEST in listed(capsys)
    before = _outside(tmp_path)
    for words in COMMANDS:
        code = infctl("runs", *words)
        out, err = capsys.readouterr()
        assert code in {*Exit} - {Exit.BUG}, (words, code, err)
        assert "Traceback" not in err, words
        assert out or err, words
        if "json" in words or words[0] == "export":
            assert not out or json.loads(out.splitlines()[0] if words[0] == "export" else out)
        assert not set(out + err) & FORBIDDEN, (words, out + err)
        assert "run/forged" not in (out + err).splitlines()
        assert {p: c for p, c in _outside(tmp_path).items() if "/locks/" not in p} == before, words


def test_hostile_names_in_clusters_are_told_of_in_plain_words(
    fake: FakeWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    copies = [chunk_manifest(name, ENVIRONMENT, 0, {ORDER: "{}"}) for name in HOSTILE_NAMES]
    for number, copy in enumerate(copies):
        copy["metadata"]["name"] = f"planted-{number}"
    asyncio.run(keep(fake, *copies))
    assert list(listed(capsys)) == [HONEST]
    assert infctl("runs", "list", "--clusters") == Exit.DONE
    out, err = capsys.readouterr()
    assert f"and of {len(set(HOSTILE_NAMES)) - 10} others" in err
    assert "is no run: its name is none of a run" in err
    assert not set(out + err) & FORBIDDEN


def test_a_journal_of_ten_thousand_records_is_read_in_seconds(
    fake: FakeWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    note = {"kind": Kind.OBSERVED, "result": {"evidence": ["again"]}}
    asyncio.run(keep(fake, *manifests(RUN, records_of(RUN, *BEGUN, *[note] * 10_000))))
    began = time.process_time()
    assert set(listed(capsys)) == {RUN, HONEST}
    assert infctl("runs", "show", RUN) == Exit.DONE
    assert time.process_time() - began < 15
    assert capsys.readouterr().out.count("note: again") == 10_000


def test_a_forged_order_does_not_hide_the_run_that_another_region_keeps(
    fake: FakeWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    forged = [chunk_manifest(HONEST, ENVIRONMENT, 0, {ORDER: json.dumps(order_of(OTHER))})]
    other = order_of(HONEST, replace(PLAN, summary="Another"))
    forged += [chunk_manifest(HONEST, ENVIRONMENT, 1, {ORDER: json.dumps(other)})]
    asyncio.run(keep(fake, *forged, region="ap-south-1"))
    asyncio.run(keep(fake, *forged, region="us-east-1"))
    item = listed(capsys)[HONEST]
    assert (item["summary"], item["actor"]) == ("A plan", "ada@other")
