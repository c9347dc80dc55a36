from collections.abc import Callable, Mapping
from typing import Any

import pytest

from infctl.content.expansion import DEEPEST, expand
from infctl.errors import ConfigurationError
from infctl.model.plan import BlastRadius, Operation, Plan, Step


def call(name: str, step: str = "call", **more: Any) -> Step:
    return Step(step, Operation("run_runbook", {"runbook": name, **more.pop("args", {})}), **more)


def act(step: str, **more: Any) -> Step:
    return Step(step, Operation("wait", {"step": step}), **more)


def plan(name: str, *steps: Step, **more: Any) -> Plan:
    return Plan(name, name, "lab", steps, **more)


def library(*plans: Plan) -> Callable[[str, Mapping[str, Any]], Plan]:
    return lambda name, parameters: next(p for p in plans if p.name == name)


def test_a_runbook_stands_in_its_place_with_all_that_comes_before_and_after() -> None:
    inner = plan("inner", act("a"), act("b", after=("a",)), act("c", after=("a",)))
    outer = plan("outer", act("x"), call("inner", after=("x",)), act("y", after=("call",)))
    found = expand(outer, library(inner))
    assert {s.id: s.after for s in found.steps} == {
        "x": (),
        "call.a": ("x",),
        "call.b": ("call.a",),
        "call.c": ("call.a",),
        "y": ("call.b", "call.c"),
    }
    assert found.digest != outer.digest


def test_what_is_declared_inside_holds_for_the_whole() -> None:
    inner = plan("inner", act("a"), recovery=True, blast_radius=BlastRadius(("b",), ("o",), 0.2))
    outer = plan("outer", call("inner"), blast_radius=BlastRadius(("a",), (), 0.9))
    found = expand(outer, library(inner))
    assert found.recovery
    assert found.blast_radius == BlastRadius(("a", "b"), ("o",), 1.0)


def test_what_always_runs_and_what_it_reverts_keep_their_names() -> None:
    inner = plan("inner", act("hurt"), act("heal", always=True, reverts="hurt"))
    outer = plan("outer", call("inner"), act("end", always=True, reverts="call"))
    found = expand(outer, library(inner))
    assert found.step("call.heal").reverts == "call.hurt"
    assert found.step("call.heal").always
    assert not found.step("call.hurt").always
    assert found.step("end").reverts == "call.hurt"


def test_runbooks_nest_five_deep_and_no_deeper() -> None:
    def chain(depth: int) -> list[Plan]:
        plans = [plan(f"p{n}", call(f"p{n + 1}")) for n in range(depth)]
        return [*plans, plan(f"p{depth}", act("a"))]

    good = chain(DEEPEST)
    assert [s.id for s in expand(good[0], library(*good)).steps] == ["call." * DEEPEST + "a"]
    bad = chain(DEEPEST + 1)
    with pytest.raises(ConfigurationError, match="nested deeper"):
        expand(bad[0], library(*bad))


def test_a_runbook_that_runs_itself_is_refused_with_the_way_around() -> None:
    plans = plan("p", call("q")), plan("q", call("p"))
    with pytest.raises(ConfigurationError, match="p > q > p"):
        expand(plans[0], library(*plans))


@pytest.mark.parametrize(
    "args",
    [
        {"runbook": 3},
        {"runbook": "../x"},
        {"runbook": "inner", "parameters": []},
        {"runbook": "inner", "shell": "id"},
    ],
)
def test_arguments_of_another_shape_are_refused(args: dict[str, Any]) -> None:
    outer = plan("outer", call("inner", args=args))
    with pytest.raises(ConfigurationError):
        expand(outer, library(plan("inner", act("a"))))


def test_a_runbook_of_another_environment_or_without_steps_is_refused() -> None:
    outer = plan("outer", call("inner"))
    with pytest.raises(ConfigurationError, match="is of prod"):
        expand(outer, library(Plan("inner", "", "prod", (act("a"),))))
    with pytest.raises(ConfigurationError, match="no steps"):
        expand(outer, library(plan("inner")))


def test_a_plan_without_runbooks_keeps_its_digest() -> None:
    outer = plan("outer", act("a"))
    assert expand(outer, library()).digest == outer.digest
