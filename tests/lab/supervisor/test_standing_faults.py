"""What could not be made true, or taken back, is tried again until it can."""

import asyncio
from pathlib import Path

import pytest

from infctl.lab.errors import LabError
from infctl.lab.part import Part
from infctl.lab.processes import Register
from infctl.lab.spec import Lab, Region
from infctl.lab.supervisor import standing
from infctl.lab.supervisor.child import State
from infctl.lab.supervisor.fault import Fault
from infctl.lab.supervisor.household import Household


class Hand:
    """Fails as often as it is told to, then remembers what it was told."""

    part = "edge"
    kinds = ("slow",)

    def __init__(self) -> None:
        self.failures = 0
        self.settled: list[list[str]] = []

    def regions_of(self, target: str) -> set[str]:
        return {"east"} if target == "region/east" else set()

    async def settle(self, region: Region, faults: list[Fault]) -> None:
        if self.failures:
            self.failures -= 1
            raise LabError(f"{region.name} does not answer")
        self.settled.append([fault.id for fault in faults])


async def ready() -> str:
    return ""


async def test_an_edge_that_does_not_answer_is_settled_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "REPAIR_SECONDS", 0.01)
    lab = Lab("lab", 20, tmp_path, (Region("east", 1),))
    part = Part("edge-east", ("true",), ready, region="east")
    household = Household(lab, [part], lambda _: (), Register(tmp_path / "processes.json"))
    child = household.children["edge-east"]
    child.pid, child.state = 1, State.READY
    fault = Fault("f", "slow", "region/east", 0.0, 0.0)
    active: list[Fault] = [fault]
    hand = Hand()
    found = standing.Standing(household, lambda: active, hand)
    following = asyncio.create_task(found.follow())
    await found.strike(fault)
    hand.failures = 3
    active.clear()
    assert await found.release(fault) == ["east does not answer"]
    async with asyncio.timeout(5):
        while len(hand.settled) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert hand.settled == [["f"], []]
    following.cancel()
