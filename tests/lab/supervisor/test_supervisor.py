"""A real supervisor over toy parts: order, failures, faults, leases, orphans, addresses."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from infctl.lab import client, locate, processes
from infctl.lab.errors import LabError
from infctl.lab.spec import Lab, Region
from infctl.lab.supervisor.service import register_path

TOY = Path(__file__).with_name("toy_supervisor.py")


def wait_for(condition: Callable[[], Any], seconds: float = 10) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError("not within the deadline")


class Toys:
    def __init__(self, state: Path, number: int) -> None:
        regions = (Region("east", 1), Region("west", 2))
        self.lab = Lab("toys", number, state, regions)
        self.lab.save()
        self.process: subprocess.Popen[bytes] | None = None

    def at(self, last: int) -> str:
        return f"127.{self.lab.number}.1.{last}:7000"

    def start(self, *toys: dict[str, Any]) -> None:
        (self.lab.state / "toys.json").write_text(json.dumps(toys))
        self.process = subprocess.Popen(
            [sys.executable, str(TOY), str(self.lab.state)], stderr=subprocess.DEVNULL
        )

    def ask(self, method: str, route: str, body: object = None) -> dict[str, Any]:
        return client.ask(self.lab.admin_socket, method, route, body, timeout=15)

    def parts(self) -> dict[str, dict[str, Any]]:
        try:
            return {p["name"]: p for p in self.ask("GET", "/status")["parts"]}
        except LabError:
            return {}

    def states(self) -> dict[str, str]:
        return {name: part["state"] for name, part in self.parts().items()}

    def wait_states(self, **wanted: str) -> dict[str, dict[str, Any]]:
        def reached() -> bool:
            states = self.states()
            error = self.lab.state / "error.json"
            assert not error.exists(), error.read_text()
            return all(states.get(name) == state for name, state in wanted.items())

        wait_for(reached)
        return self.parts()

    def started(self) -> list[str]:
        return (self.lab.state / "started").read_text().splitlines()


@pytest.fixture
def states() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.fixture
def toys(states: Path) -> Iterator[Toys]:
    number, claim = locate.claim_number()
    made = Toys(states, number)
    with claim:
        yield made
        recorded = processes.read_register(register_path(states))
        pods = states / "pods"
        pod = processes.find(int(pods.read_text())) if pods.exists() else None
        processes.kill([*recorded.values(), *([pod] if pod else [])])
        if made.process:
            made.process.wait(5)


def pair(toys: Toys) -> list[dict[str, Any]]:
    return [
        {"name": "front", "address": toys.at(2), "after": "store", "region": "east"},
        {"name": "store", "address": toys.at(1), "region": "east"},
    ]


def test_parts_start_after_those_they_need_are_ready_and_set_up(toys: Toys) -> None:
    toys.start(*pair(toys))
    toys.wait_states(front="ready", store="ready")
    assert toys.started() == ["store", "hook of store", "front", "hook of front"]


def test_a_part_that_is_not_ready_by_its_deadline_is_told_with_its_last_line(toys: Toys) -> None:
    store = {"name": "store", "address": toys.at(1), "mode": "never", "deadline": 0.5}
    toys.start(store, {"name": "front", "address": toys.at(2), "after": "store"})
    parts = toys.wait_states(store="failed", front="failed")
    assert "not ready after 0.5 s" in parts["store"]["reason"]
    assert parts["store"]["last_log"] == "hello from store"
    assert parts["front"]["reason"] == "needs store, which is failed"


def test_a_part_that_dies_at_its_start_is_dead_with_its_code_and_last_line(toys: Toys) -> None:
    toys.start({"name": "store", "address": toys.at(1), "mode": "dies"})
    parts = toys.wait_states(store="dead")
    assert parts["store"]["reason"] == "ended by itself with code 1"
    assert parts["store"]["last_log"] == "cannot go on"


def test_a_part_killed_by_others_is_named_and_not_started_again(toys: Toys) -> None:
    toys.start(*pair(toys))
    pid = toys.wait_states(front="ready")["store"]["pid"]
    os.kill(pid, signal.SIGKILL)
    parts = toys.wait_states(store="dead", front="ready")
    assert "SIGKILL" in parts["store"]["reason"]
    assert parts["store"]["pid"] is None


def test_parts_that_died_are_started_again_when_asked_and_those_of_a_fault_are_not(
    toys: Toys,
) -> None:
    toys.start(*pair(toys))
    pid = toys.wait_states(front="ready")["store"]["pid"]
    os.kill(pid, signal.SIGKILL)
    toys.wait_states(store="dead")
    toys.ask("PUT", "/faults/one", {"kind": "kill", "target": "part/front", "ttl": 60})
    assert toys.ask("POST", "/start") == {"started": ["store"]}
    assert toys.states() == {"store": "ready", "front": "killed"}
    assert toys.ask("POST", "/start") == {"started": []}


def test_an_address_in_use_is_refused_naming_it_and_its_holder(toys: Toys) -> None:
    host, _, port = toys.at(1).partition(":")
    with socket.create_server((host, int(port))):
        toys.start(*pair(toys))
        assert toys.process
        assert toys.process.wait(10) == 1
    told = json.loads((toys.lab.state / "error.json").read_text())
    assert f"store needs {toys.at(1)}, which process {os.getpid()}" in told["what"]
    assert not (toys.lab.state / "started").exists()


def test_killing_the_supervisor_takes_the_parts_along(toys: Toys) -> None:
    toys.start(*pair(toys))
    toys.wait_states(front="ready")
    recorded = processes.read_register(register_path(toys.lab.state))
    assert set(recorded) == {"supervisor", "store", "front"}
    processes.send(recorded["supervisor"], signal.SIGKILL)
    wait_for(lambda: not any(processes.is_alive(p) for p in recorded.values()), 3)


def test_a_killed_region_stays_killed_until_healed_and_keeps_its_pods_no_longer(toys: Toys) -> None:
    agent = {"name": "agent", "address": toys.at(3), "mode": "pods", "region": "east"}
    other = {"name": "other", "address": toys.at(4), "region": "west"}
    toys.start(*pair(toys), agent, other)
    toys.wait_states(front="ready", agent="ready", other="ready")
    pod = processes.find(int((toys.lab.state / "pods").read_text()))
    assert pod
    fault = toys.ask("PUT", "/faults/f1", {"kind": "kill", "target": "region/east", "ttl": 60})
    assert abs(fault["at"] - time.time()) < 2
    assert fault["expires"] > fault["at"] + 50
    wait_for(lambda: not processes.is_alive(pod), 2)
    toys.wait_states(front="killed", store="killed", agent="killed", other="ready")
    again = toys.ask("PUT", "/faults/f1", {"kind": "kill", "target": "region/east", "ttl": 60})
    assert again["at"] == fault["at"]
    toys.ask("DELETE", "/faults/f1")
    assert set(toys.states().values()) == {"ready"}
    again_started = toys.started()[8:]
    assert again_started.index("hook of store") < again_started.index("front")
    assert toys.ask("GET", "/faults") == {"faults": []}
    assert toys.ask("DELETE", "/faults/f1") == {"healed": "f1"}


def test_a_frozen_part_does_not_answer_and_goes_on_when_its_lease_is_over(toys: Toys) -> None:
    toys.start(*pair(toys))
    pid = toys.wait_states(front="ready")["front"]["pid"]
    toys.ask("PUT", "/faults/f1", {"kind": "freeze", "target": "part/front", "ttl": 0.5})
    assert toys.states() == {"store": "ready", "front": "frozen"}
    assert Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "Tt"
    assert toys.wait_states(front="ready")["front"]["pid"] == pid


def test_a_part_stays_stopped_while_any_fault_holds_it(toys: Toys) -> None:
    toys.start(*pair(toys))
    toys.wait_states(front="ready")
    toys.ask("PUT", "/faults/one", {"kind": "kill", "target": "part/front", "ttl": 60})
    toys.ask("PUT", "/faults/two", {"kind": "freeze", "target": "region/east", "ttl": 60})
    toys.ask("DELETE", "/faults/one")
    assert toys.states() == {"store": "frozen", "front": "killed"}
    toys.ask("DELETE", "/faults/two")
    assert toys.states() == {"store": "ready", "front": "ready"}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"kind": "flood", "target": "region/east", "ttl": 9}, "needs a kind"),
        ({"kind": "kill", "target": "region/north", "ttl": 9}, "there is no region/north"),
        ({"kind": "kill", "target": "part/nobody", "ttl": 9}, "there is no part/nobody"),
        ({"kind": "kill", "target": "region/east", "ttl": "long"}, "ttl is a number"),
        ({"kind": "kill", "target": "region/east", "ttl": -1}, "ttl is a number"),
        ([], "no JSON object"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(toys: Toys, body: object, told: str) -> None:
    toys.start(*pair(toys))
    toys.wait_states(front="ready")
    with pytest.raises(LabError, match=told):
        toys.ask("PUT", "/faults/f1", body)
    assert toys.states() == {"store": "ready", "front": "ready"}


def test_a_lease_is_renewed_and_an_unknown_one_is_refused(toys: Toys) -> None:
    toys.start(*pair(toys))
    toys.wait_states(front="ready")
    first = toys.ask("PUT", "/faults/f1", {"kind": "kill", "target": "part/front", "ttl": 5})
    later = toys.ask("POST", "/faults/f1/renew", {"ttl": 500})
    assert later["expires"] > first["expires"] + 400
    with pytest.raises(LabError, match="not in force"):
        toys.ask("POST", "/faults/f2/renew", {"ttl": 5})
    with pytest.raises(LabError, match="fault f1 is kill part/front"):
        toys.ask("PUT", "/faults/f1", {"kind": "freeze", "target": "part/front", "ttl": 5})


def test_the_admin_socket_is_its_owners_alone(toys: Toys) -> None:
    toys.start(*pair(toys))
    toys.wait_states(front="ready")
    assert toys.lab.admin_socket.stat().st_mode & 0o777 == 0o600


def test_stop_ends_all_parts_then_the_supervisor(toys: Toys) -> None:
    toys.start(*pair(toys))
    toys.wait_states(front="ready")
    recorded = processes.read_register(register_path(toys.lab.state))
    began = time.monotonic()
    assert toys.ask("POST", "/stop") == {"stopped": True}
    assert toys.process
    assert toys.process.wait(5) == 0
    assert time.monotonic() - began < 3
    assert not any(processes.is_alive(p) for p in recorded.values())
