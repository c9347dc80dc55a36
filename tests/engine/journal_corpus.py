"""Recorded journals and the worlds that they were recorded in, as files and back."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from toy_run import MemoryJournal, carry
from toy_world import Toy

from infctl.engine.decisions import Decision, Decisions, Verb
from infctl.engine.machine import OnFailure
from infctl.model.journal import Record, parse
from infctl.model.plan import Plan
from infctl.model.run import RunState, RunView
from infctl.ports.faults import ActiveFault
from infctl.ports.load import LoadRequest

FOLDER = Path(__file__).with_name("journals")


def summary(view: RunView) -> dict[str, Any]:
    """What folding a journal must give, in whatever release."""
    return {
        "state": str(view.state),
        "course": view.course,
        "reason": view.reason,
        "steps": {
            s.id: {"state": str(s.state), "attempt": s.attempt, "undo": s.undo, "before": s.before}
            for s in view.steps
        },
    }


def world_of(toy: Toy) -> dict[str, Any]:
    """The toy world as JSON; `toy_of` builds it again."""
    return {
        "now": toy.clock.now,
        "replicas": toy.replicas,
        "objects": [[*key, body.decode()] for key, body in sorted(toy.objects.items())],
        "faults": [asdict(fault) for fault in toy.faults.values()],
        "loads": [
            [name, {**asdict(request), "log": str(request.log)}, started, ended]
            for name, (request, started, ended) in toy.loads.items()
        ],
        "changed_at": toy.changed_at,
        "effects": toy.effects,
    }


def toy_of(data: Mapping[str, Any]) -> Toy:
    """A toy world as it was when the journal ended."""
    toy = Toy(replicas=dict(data["replicas"]), changed_at=dict(data["changed_at"]))
    toy.clock.now = data["now"]
    toy.objects = {(r, bucket, key): body.encode() for r, bucket, key, body in data["objects"]}
    toy.faults = {f["id"]: ActiveFault(**f) for f in data["faults"]}
    toy.effects = list(data["effects"])
    for name, request, started, ended in data["loads"]:
        whole = LoadRequest(**{**_tuples(request), "log": Path(request["log"])})
        toy.loads[name] = (whole, started, ended)
    return toy


def _tuples(data: Mapping[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}


def read(path: Path) -> tuple[Record, ...]:
    """The records of one file."""
    return tuple(parse(line) for line in path.read_text().splitlines())


def read_expected(path: Path) -> dict[str, Any]:
    """What is written beside a journal."""
    found: dict[str, Any] = json.loads(path.with_suffix(".json").read_text())
    return found


async def resume(
    toy: Toy, plan: Plan, records: tuple[Record, ...], on_failure: OnFailure
) -> tuple[RunState, str, MemoryJournal]:
    """Carry a recorded run to its end: retry once where it pauses, then take it back."""
    journal = MemoryJournal(toy, digest=plan.digest, written=list(records))
    decisions = Decisions()
    verbs = [Verb.RETRY, Verb.UNDO]

    def decide(what: str) -> None:
        if what == "after pause None" and verbs:
            decisions.put(Decision(verbs.pop(0), by="tester", reason="goes on"))

    journal.hook = decide
    state, reason = await carry(toy, plan, journal, decisions=decisions, on_failure=on_failure)
    return state, reason, journal
