"""An undo that somebody wrote into the journal is typed data or nothing (C22)."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from journal_corpus import FOLDER, read
from toy_run import MemoryJournal, begin, facts_of
from toy_world import Toy

from infctl.engine.handler import Context
from infctl.engine.undo import Undoing, read_undo
from infctl.engine.undo_data import check_aim
from infctl.errors import Refused
from infctl.model.journal import Kind
from infctl.model.plan import Operation, Plan
from infctl.model.run import fold
from infctl.runbooks import failover

SCALE = "scale-ap-south-1"
GOOD: dict[str, Any] = {
    "kind": "scale_deployment",
    "version": 1,
    "args": {
        "region": "ap-south-1",
        "namespace": "inference",
        "name": "vision-stable",
        "replicas": 1,
    },
    "region": "ap-south-1",
    "needs_control_plane": True,
}


def _args(**changes: Any) -> Mapping[str, Any]:
    return {**GOOD, "args": {**GOOD["args"], **changes}}


POISONED: list[Any] = [
    *("cos\nsystem\n(S'id'\ntR.", 7, [], [GOOD], {}, {"kind": "scale_deployment"}, True),
    {**GOOD, "kind": "exec_module"},
    {**GOOD, "kind": "__import__('os').system('id')"},
    {**GOOD, "kind": None},
    {**GOOD, "version": 99},
    {**GOOD, "version": True},
    {**GOOD, "version": "1"},
    {**GOOD, "code": "import os"},
    {**GOOD, "args": "../../x"},
    {**GOOD, "args": None},
    {**GOOD, "args": [1]},
    {**GOOD, "region": 7},
    {**GOOD, "region": "us-east-1"},
    {**GOOD, "needs_control_plane": "no"},
    {**GOOD, "args": {}},
    _args(region="us-east-1"),
    _args(region="../../etc"),
    _args(name="../../../apis/apps/v1/namespaces/kube-system/deployments/coredns"),
    _args(name="vision-canary"),
    _args(namespace="kube-system"),
    _args(namespace="--kubeconfig=./evil"),
    _args(replicas=-1),
    _args(replicas="0"),
    _args(replicas=1e9),
    _args(replicas=True),
    _args(extra="x"),
    _args(path="/etc/passwd"),
    {
        **GOOD,
        "kind": "remove_object",
        "args": {
            **{k: GOOD["args"][k] for k in ("region", "namespace", "name")},
            "api_version": "apps/v1",
            "kind": "Deployment",
        },
    },
    {**GOOD, "kind": "run_command", "args": {"argv": ["/bin/sh", "-c", "id"]}},
    {**GOOD, "kind": "call_http", "args": {"url": "http://169.254.169.254/"}},
]


async def _done(toy: Toy) -> tuple[Plan, MemoryJournal]:
    """A run that scaled up, as its journal tells it."""
    toy.replicas["ap-south-1"] = 1
    facts = await facts_of(toy)
    whole = failover.plan(facts, "eu-west-1", "test")
    plan = replace(whole, steps=(failover.scale_step(facts, "ap-south-1", 3),))
    journal = begin(toy, plan)
    journal.append(Kind.LEASE, args={"pid": 1})
    return plan, journal


def _take_back(undo: Any) -> tuple[Toy, list[str]]:
    async def run() -> tuple[Toy, list[str]]:
        toy = Toy()
        plan, journal = await _done(toy)
        operation = plan.steps[0].operation
        if isinstance(undo, dict) and isinstance(undo.get("args"), dict):
            # As the platform of this checkout names them.
            for name in ("namespace", "name"):
                if undo["args"].get(name) == GOOD["args"][name]:
                    undo["args"] = {**undo["args"], name: operation.args[name]}
        before = {"replicas": 1}
        journal.append(Kind.INTENT, step=SCALE, attempt=1, before=before, undo=undo)
        journal.append(Kind.SENT, step=SCALE, attempt=1, result={"generation": 1})
        toy.replicas["ap-south-1"] = 3
        journal.append(Kind.DONE, step=SCALE, attempt=1, result={"evidence": ["3 ready"]})
        view = fold(journal.written)
        context = Context(toy.world(), FOLDER, "toy", "tester", lambda: fold(journal.written))
        return toy, await Undoing(context, journal).run(view)

    return asyncio.run(run())


def test_a_true_undo_is_taken() -> None:
    toy, residue = _take_back(dict(GOOD))
    assert residue == []
    assert toy.replicas["ap-south-1"] == 1


@pytest.mark.parametrize("undo", POISONED, ids=range(len(POISONED)))
def test_c22_a_poisoned_undo_is_refused_and_named(undo: Any) -> None:
    toy, residue = _take_back(dict(undo) if isinstance(undo, dict) else undo)
    assert toy.effects == []
    assert len(residue) == 1
    assert residue[0].startswith(f"{SCALE}: ")
    assert "bug" not in residue[0]


def test_every_recorded_undo_aims_where_its_step_did() -> None:
    count = 0
    for path in sorted(FOLDER.rglob("*.jsonl")):
        records = read(path)
        plan = fold(records).plan
        assert plan is not None
        for record in records:
            if record.kind == Kind.INTENT and record.undo is not None:
                check_aim(plan.step(record.step or "").operation, read_undo(record.undo))
                count += 1
    assert count > 20


def test_an_act_outside_is_taken_back_only_as_its_plan_says() -> None:
    said = {"program": "tell", "arguments": ["--down"]}
    step = Operation("run_command", {"program": "tell", "arguments": ["--up"], "undo": said})
    check_aim(step, Operation("run_command", said))
    for undo in (
        Operation("run_command", {**said, "arguments": ["--all"]}),
        Operation("call_http", said),
    ):
        with pytest.raises(Refused, match="program or endpoint"):
            check_aim(step, undo)
    scale = Operation("scale_deployment", dict(GOOD["args"]))
    with pytest.raises(Refused, match="program or endpoint"):
        check_aim(scale, Operation("run_command", said))


def test_some_of_the_keepers_may_be_taken_back_and_no_others() -> None:
    step = Operation("switch_region_off", {"region": "a", "keepers": {"b": "x", "c": "y"}})
    check_aim(step, Operation("switch_region_on", {"region": "a", "keepers": {"b": "x"}}))
    for keepers in ({"d": "x"}, {"b": "y"}, {"b": "x", "d": "z"}):
        with pytest.raises(Refused, match="another keepers"):
            check_aim(step, Operation("switch_region_on", {"region": "a", "keepers": keepers}))


def _manifest(kind: str = "ConfigMap", name: str = "a", namespace: str = "n") -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata}


REMOVED = {"region": "r", "api_version": "v1", "kind": "ConfigMap", "name": "a", "namespace": "n"}
OBJECTS = [
    Operation("apply_object", {"region": "r", "manifest": _manifest()}),
    Operation("remove_object", REMOVED),
]


@pytest.mark.parametrize("step", OBJECTS)
def test_an_object_is_taken_back_and_no_other(step: Operation) -> None:
    for undo in OBJECTS:
        check_aim(step, undo)
    for wrong in ({"kind": "Service"}, {"name": "b"}, {"namespace": "kube-system"}):
        manifest = _manifest(**wrong)
        for undo in (
            Operation("apply_object", {"region": "r", "manifest": manifest}),
            Operation("remove_object", {**REMOVED, **wrong}),
        ):
            with pytest.raises(Refused, match=f"another {next(iter(wrong))}"):
                check_aim(step, undo)
