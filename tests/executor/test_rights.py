"""C18: eight verbs and six ways in which a right is not plainly granted: 48 of 48 are refused.

At the plan by the guard, and again at the act by the permit: nothing is kept in between.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from infctl.engine import guards
from infctl.engine.handler import Permission
from infctl.engine.operations import find
from infctl.errors import InfctlError, Refused, Unreachable
from infctl.executor import rights
from infctl.executor.permission import RunPermit
from infctl.executor.rights import ask_right, ask_rights
from infctl.model.outcome import Word
from infctl.model.plan import Operation, Plan, Step
from infctl.ports.cluster import DEPLOYMENT
from infctl.ports.world import World

VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
STEP = Step("act", Operation("switch_region_off", {}))


async def _granted() -> Any:
    return True


async def _denied() -> Any:
    return False


async def _late() -> Any:
    await asyncio.Event().wait()


async def _broken() -> Any:
    raise InfctlError("the server answered 500")


async def _dead() -> Any:
    raise Unreachable("nobody listens")


async def _nonsense() -> Any:
    return {"allowed": True, "evaluationError": "no such role"}


async def _unreadable() -> Any:
    raise KeyError("status")


FAULTS = (_denied, _late, _broken, _dead, _nonsense, _unreadable)


class Cluster:
    """Answers a review as it is told, and counts how often it was asked."""

    def __init__(self, answer: Callable[[], Awaitable[Any]]) -> None:
        self.answer = answer
        self.asked: list[str] = []

    async def can(self, verb: str, *_: Any, **__: Any) -> Any:
        self.asked.append(verb)
        return await self.answer()


def _world(cluster: Cluster) -> World:
    nothing = cast("Any", None)
    return World(
        environment="x",
        kind="sim",
        clusters={"a": cast("Any", cluster)},
        metrics={},
        stores={},
        names=nothing,
        resolver=nothing,
        faults=None,
        load=nothing,
        clock=nothing,
        close=nothing,
    )


class _Lock:
    def check(self) -> None:
        return None

    async def note_step(self, step: str) -> None:
        """Nobody to tell."""


def _needs(monkeypatch: pytest.MonkeyPatch, *needed: Permission) -> None:
    handler = type(find("switch_region_off", 1))
    monkeypatch.setattr(handler, "permissions", lambda self, args: needed)
    monkeypatch.setattr(rights, "DEADLINE", 0.05)


def test_there_are_48() -> None:
    assert len(VERBS) * len(FAULTS) == 48


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("verb", VERBS)
async def test_what_is_not_plainly_granted_is_refused_at_plan_and_at_act(
    verb: str, fault: Callable[[], Awaitable[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    needed = Permission("a", verb, DEPLOYMENT, "vision")
    _needs(monkeypatch, needed)
    world = _world(Cluster(fault))
    plan = Plan("x", "x", "lab", (STEP,))
    answers = await ask_rights(world, plan)
    facts = cast("Any", type("Facts", (), {"rights": answers}))
    outcome = guards.permissions(plan, facts)
    assert outcome.word is Word.FAILED
    assert verb in outcome.evidence[0]
    permit = RunPermit(world, _Lock(), cast("Any", None), lambda: None)
    with pytest.raises(Refused):
        await permit.check(STEP)


async def test_a_role_that_is_taken_away_between_plan_and_act_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    needed = Permission("a", "patch", DEPLOYMENT, "vision")
    _needs(monkeypatch, needed)
    cluster = Cluster(_granted)
    world = _world(cluster)
    plan = Plan("x", "x", "lab", (STEP,))
    assert await ask_rights(world, plan) == {needed: ""}
    permit = RunPermit(world, _Lock(), cast("Any", None), lambda: None)
    await permit.check(STEP)
    cluster.answer = _denied
    with pytest.raises(Refused, match="we may not patch"):
        await permit.check(STEP)
    assert len(cluster.asked) == 3


async def test_a_region_without_a_cluster_grants_nothing() -> None:
    needed = replace(Permission("a", "get", DEPLOYMENT), region="mars")
    assert "no cluster" in await ask_right(_world(Cluster(_granted)), needed)


async def test_twenty_silent_questions_take_no_longer_than_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _needs(monkeypatch, *(Permission("a", f"verb-{n}", DEPLOYMENT) for n in range(20)))
    began = asyncio.get_running_loop().time()
    await ask_rights(_world(Cluster(_late)), Plan("x", "x", "lab", (STEP,)))
    assert asyncio.get_running_loop().time() - began < 1.0
