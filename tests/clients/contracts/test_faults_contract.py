"""What every fault injector does, in memory and as the lab's supervisor over toy parts."""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infctl.clients.fault_injector import FaultInjector
from infctl.errors import InfctlError, Unreachable
from infctl.fakes.faults import FakeFaults
from infctl.lab import locate, processes
from infctl.lab.spec import Lab, Region
from infctl.lab.supervisor.service import register_path
from infctl.ports.clock import Clock
from infctl.ports.faults import ActiveFault, Faults

TOYS = Path(__file__).parents[2] / "lab" / "supervisor" / "toy_supervisor.py"
SECONDS = 15.0
TARGET = "region/east"
GATEWAY = "edge/east/gateway"


class WallClock:
    """This machine's."""

    def wall(self) -> float:
        return time.time()

    def boottime(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass
class Subject:
    """A fault injector with a region `east`, and the clock that its leases run by."""

    faults: Faults
    clock: Clock

    async def wait_for(self, *ids: str) -> list[ActiveFault]:
        """Until exactly these faults are in force."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            found = await self.faults.active()
            if [fault.id for fault in found] == list(ids):
                return found
            await self.clock.sleep(0.1)
        raise AssertionError(found)


@pytest.fixture(scope="module")
def socket() -> Iterator[Path]:
    """A supervisor of toy parts; nothing of it runs afterwards."""
    number, claim = locate.claim_number()
    with claim, tempfile.TemporaryDirectory() as folder:
        lab = Lab("toys", number, Path(folder), (Region("east", 1), Region("west", 2)))
        lab.save()
        toys = [
            {"name": f"api-{r.name}", "region": r.name, "address": f"{lab.edge(r, 'api')}:7000"}
            for r in lab.regions
        ]
        toys.append({"name": "edge-east", "region": "east", "mode": "edge"})
        (lab.state / "toys.json").write_text(json.dumps(toys))
        process = subprocess.Popen([sys.executable, str(TOYS), folder], stderr=subprocess.DEVNULL)
        try:
            yield lab.admin_socket
        finally:
            process.kill()
            process.wait()
            processes.kill([*processes.read_register(register_path(lab.state)).values()])


@pytest.fixture(params=["fake", "real"])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    if request.param == "fake":
        fake = FakeFaults(frozenset({TARGET, "region/west", "edge/east", GATEWAY}))
        yield Subject(fake, fake.clock)
        return
    real = Subject(FaultInjector(request.getfixturevalue("socket")), WallClock())
    await _wait_until_it_answers(real.faults)
    yield real
    for fault in await real.faults.active():
        await real.faults.heal(fault.id)


async def _wait_until_it_answers(faults: Faults) -> None:
    async with asyncio.timeout(SECONDS):
        while True:
            try:
                await faults.active()
            except Unreachable:
                await asyncio.sleep(0.05)
            else:
                return


@pytest.mark.parametrize("kind", ["kill", "freeze"])
async def test_a_fault_is_in_force_until_it_is_healed(subject: Subject, kind: str) -> None:
    before = subject.clock.wall()
    fault = await subject.faults.inject("f1", kind, TARGET, 60)
    assert (fault.id, fault.kind, fault.target) == ("f1", kind, TARGET)
    assert before <= fault.at <= subject.clock.wall()
    assert fault.expires == pytest.approx(fault.at + 60, abs=2)
    assert await subject.faults.active() == [fault]
    await subject.faults.heal("f1")
    assert await subject.faults.active() == []


NETWORK: dict[str, dict[str, Any]] = {
    "refuse": {},
    "swallow": {"direction": "both"},
    "slow": {"latency_ms": 20.0, "jitter_ms": 5.0, "direction": "in"},
    "limit": {"bytes_per_second": 9000.0, "direction": "out"},
    "lossy": {"percent": 12.5, "direction": "both"},
    "half_open": {"direction": "out"},
}


@pytest.mark.parametrize("kind", NETWORK)
async def test_a_fault_of_the_network_takes_its_parameters(subject: Subject, kind: str) -> None:
    fault = await subject.faults.inject("f1", kind, GATEWAY, 60, NETWORK[kind])
    assert (fault.kind, fault.target, fault.parameters) == (kind, GATEWAY, NETWORK[kind])
    assert await subject.faults.inject("f1", kind, GATEWAY, 60, NETWORK[kind])
    other = await subject.faults.inject("f2", "swallow", "edge/east", 60, {"direction": "in"})
    assert [f.id for f in await subject.faults.active()] == ["f1", "f2"]
    assert other.parameters == {"direction": "in"}
    await subject.faults.heal("f1")
    await subject.faults.heal("f2")
    assert await subject.faults.active() == []


async def test_other_parameters_make_another_fault(subject: Subject) -> None:
    told = {"latency_ms": 20.0, "jitter_ms": 0.0, "direction": "in"}
    await subject.faults.inject("f1", "slow", GATEWAY, 60, told)
    with pytest.raises(InfctlError):
        await subject.faults.inject("f1", "slow", GATEWAY, 60, {**told, "latency_ms": 30.0})
    await subject.faults.heal("f1")


@pytest.mark.parametrize(
    ("kind", "target", "parameters"),
    [
        ("slow", GATEWAY, {}),
        ("slow", GATEWAY, {"latency_ms": 0}),
        ("slow", GATEWAY, {"latency_ms": "20"}),
        ("slow", GATEWAY, {"latency_ms": 20, "direction": "up"}),
        ("limit", GATEWAY, {"bytes_per_second": 999}),
        ("lossy", GATEWAY, {"percent": 101}),
        ("refuse", GATEWAY, {"direction": "in"}),
        ("kill", TARGET, {"hard": True}),
        ("kill", GATEWAY, {}),
        ("overload", GATEWAY, {}),
        ("swallow", "edge/mars", {}),
    ],
)
async def test_parameters_that_make_no_sense_are_refused_and_nothing_is_hurt(
    subject: Subject, kind: str, target: str, parameters: dict[str, Any]
) -> None:
    with pytest.raises(InfctlError) as caught:
        await subject.faults.inject("f1", kind, target, 60, parameters)
    assert not isinstance(caught.value, Unreachable)
    assert await subject.faults.active() == []


async def test_the_same_id_is_the_same_fault(subject: Subject) -> None:
    first = await subject.faults.inject("f1", "kill", TARGET, 60)
    again = await subject.faults.inject("f1", "kill", TARGET, 120)
    assert again.at == first.at
    assert again.expires > first.expires
    with pytest.raises(InfctlError):
        await subject.faults.inject("f1", "freeze", TARGET, 60)
    with pytest.raises(InfctlError):
        await subject.faults.inject("f1", "kill", "region/west", 60)
    assert await subject.faults.active() == [again]


async def test_a_lease_ends_by_itself_and_renewing_moves_its_end(subject: Subject) -> None:
    await subject.faults.inject("short", "kill", TARGET, 0.5)
    await subject.faults.inject("long", "kill", "region/west", 0.5)
    await subject.faults.renew("long", 60)
    (left,) = await subject.wait_for("long")
    assert left.expires > subject.clock.wall() + 30


async def test_unknown_faults_are_healed_and_cannot_be_renewed(subject: Subject) -> None:
    await subject.faults.heal("nobody")
    with pytest.raises(InfctlError):
        await subject.faults.renew("nobody", 60)


@pytest.mark.parametrize(
    ("kind", "target"), [("melt", TARGET), ("kill", "region/mars"), ("kill", ""), ("kill", "east")]
)
async def test_what_it_does_not_know_is_refused_and_nothing_is_hurt(
    subject: Subject, kind: str, target: str
) -> None:
    with pytest.raises(InfctlError) as caught:
        await subject.faults.inject("f1", kind, target, 60)
    assert not isinstance(caught.value, Unreachable)
    assert await subject.faults.active() == []


@pytest.mark.parametrize("fault_id", ["a/b", "../x", "a b", "ü?#%2f"])
async def test_any_id_names_one_fault(subject: Subject, fault_id: str) -> None:
    await subject.faults.inject(fault_id, "freeze", TARGET, 60)
    assert [fault.id for fault in await subject.faults.active()] == [fault_id]
    await subject.faults.heal(fault_id)
    assert await subject.faults.active() == []


async def test_a_socket_that_is_not_there_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="fault injector"):
        await FaultInjector(tmp_path / "none.sock").active()
