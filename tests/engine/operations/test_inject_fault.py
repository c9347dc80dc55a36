"""inject_fault: which faults a plan may hold, and what it says that they strike."""

from typing import Any

import pytest
from one_run import OneRun, one_run

from infctl.engine.operations.heal_fault import HealFault
from infctl.engine.operations.inject_fault import InjectFault
from infctl.engine.step import StepProtocol
from infctl.errors import ConfigurationError
from infctl.model.journal import Kind
from infctl.model.outcome import Word
from infctl.model.plan import Operation
from infctl.model.run import RunState


def args(kind: str, target: str, **more: Any) -> dict[str, Any]:
    return {"fault": "f", "fault_kind": kind, "target": target, "ttl": 9, **more}


SLOW = {"latency_ms": 100, "direction": "both"}
STRUCK = [
    (args("kill", "region/a"), "everything in a: kill"),
    (args("freeze", "part/envoy-a"), "part/envoy-a: freeze"),
    (args("kill", "node/a/a-node-1"), "node/a/a-node-1: kill"),
    (args("refuse", "region/a"), "all that passes the edge of a: refuse"),
    (args("swallow", "edge/a"), "all that others use of a: swallow"),
    (
        args("slow", "edge/a/gateway", parameters=SLOW),
        "gateway that others use of a: slow (direction both, latency_ms 100)",
    ),
    (args("refuse", "path/a/b"), "all that a uses of b: refuse"),
    (args("refuse", "path/a/b/cloud"), "cloud that a uses of b: refuse"),
    (args("refuse", "between/a/b"), "all that a and b use of each other: refuse"),
    (args("overload", "region/a"), "the API server of a: overload"),
    (args("forget", "region/a"), "the API server of a: forget"),
]


@pytest.mark.parametrize(("given", "struck"), STRUCK)
def test_a_fault_says_what_it_strikes_and_how(given: dict[str, Any], struck: str) -> None:
    InjectFault().check(given)
    assert InjectFault().touches(given) == (struck,)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (args("melt", "region/a"), "`fault_kind` must be one of"),
        (args("kill", "a"), "`target` must be"),
        (args("kill", "region/a", how="hard"), "`how` is not one of"),
        (args("slow", "edge/a"), "slow needs latency_ms"),
        (args("slow", "edge/a", parameters=[]), "`parameters` must be a mapping"),
        (args("slow", "edge/a", parameters={"latency_ms": "\x1b[2J"}), "latency_ms must be"),
        (args("kill", "edge/a"), "kill strikes region, node, part"),
    ],
)
def test_a_fault_that_cannot_be_is_refused(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told) as caught:
        InjectFault().check(given)
    assert "\x1b" not in caught.value.what


def _run(kind: str, given: dict[str, Any]) -> OneRun:
    return one_run(Operation(kind, given))


async def test_another_fault_of_that_id_is_not_the_one_that_was_to_be() -> None:
    run = _run("inject_fault", args("kill", "region/eu-west-1"))
    await run.fakes.faults.inject("f", "kill", "region/us-east-1", 60)
    assert (await InjectFault().verify(run.context, run.first)).word is Word.FAILED
    assert (await run.carry())[0] is RunState.FAILED
    assert run.step().undo is None


async def test_a_healing_whose_end_nobody_saw_is_waited_for_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = _run("heal_fault", {"fault": "f"})
    await run.fakes.faults.inject("f", "kill", "region/eu-west-1", 60)
    real, asked = HealFault.apply, []

    class Killed(BaseException):
        pass

    async def killed_after(*given: Any) -> Any:
        asked.append(given)
        result = await real(*given)
        if len(asked) == 1:
            raise Killed
        return result

    monkeypatch.setattr(HealFault, "apply", killed_after)
    run.records.append(Kind.LEASE, args={"pid": 1})
    with pytest.raises(Killed):
        await StepProtocol(run.context, run.records).perform(run.plan.steps[0])
    assert (await run.carry())[0] is RunState.COMPLETED
    assert len(asked) == 2
