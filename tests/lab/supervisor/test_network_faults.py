"""Faults of the network, by a real supervisor and edge: leases, composition, restarts."""

import asyncio
import contextlib
import os
import signal
import socket
from pathlib import Path
from typing import Any

import pytest
from test_supervisor import Toys, states, toys, wait_for

from infctl.lab import addresses
from infctl.lab.edge.control import Edge, Standing, socket_of
from infctl.lab.errors import LabError

__all__ = ["states", "toys"]
EDGES = ({"name": "edge-east", "mode": "edge", "region": "east"},)
GATEWAY = "edge/east/gateway"


@pytest.fixture
def edged(toys: Toys) -> Toys:
    toys.start({"name": "store", "address": toys.at(1), "region": "east"}, *EDGES)
    toys.wait_states(**{"edge-east": "ready", "store": "ready"})
    return toys


def standing(toys: Toys, proxy: str = "gateway") -> Standing:
    edge = Edge(socket_of(toys.lab, toys.lab.region("east")))
    return asyncio.run(edge.standing())[proxy]


def kinds(toys: Toys, proxy: str = "gateway") -> list[str]:
    return sorted(f"{t.type} {t.stream}" for t in standing(toys, proxy).toxics.values())


def inject(toys: Toys, name: str, kind: str, target: str = GATEWAY, **more: Any) -> dict[str, Any]:
    return toys.ask("PUT", f"/faults/{name}", {"kind": kind, "target": target, "ttl": 60, **more})


def connect(toys: Toys) -> socket.socket:
    """A connection to the edge."""
    address = toys.lab.edge(toys.lab.region("east"), "gateway")
    return socket.create_connection((address, addresses.GATEWAY_PORT), timeout=5)


def test_faults_on_one_target_compose_and_the_last_one_leaves_it_as_it_was(edged: Toys) -> None:
    before = standing(edged)
    fault = inject(edged, "one", "slow", latency_ms=20)
    assert fault["parameters"] == {"latency_ms": 20, "jitter_ms": 0, "direction": "out"}
    inject(edged, "two", "lossy", "edge/east", percent=5, direction="both")
    inject(edged, "three", "refuse")
    inject(edged, "four", "refuse", "region/east")
    assert kinds(edged) == ["latency downstream", "reset_peer downstream", "reset_peer upstream"]
    assert not standing(edged).is_open
    suffers = "faults: slow of edge/east/gateway, lossy of edge/east, refuse of edge/east/gateway"
    assert edged.parts()["edge-east"]["reason"].startswith(suffers)
    edged.ask("DELETE", "/faults/three")
    assert not standing(edged).is_open
    edged.ask("DELETE", "/faults/four")
    assert standing(edged).is_open
    edged.ask("DELETE", "/faults/one")
    assert kinds(edged) == kinds(edged, "api") == ["reset_peer downstream", "reset_peer upstream"]
    edged.ask("DELETE", "/faults/two")
    assert standing(edged) == standing(edged, "api") == before == Standing()
    assert edged.parts()["edge-east"]["reason"] == ""


def test_a_lease_that_is_over_heals_the_edge(edged: Toys) -> None:
    edged.ask("PUT", "/faults/f", {"kind": "swallow", "target": GATEWAY, "ttl": 0.5})
    assert kinds(edged) == ["timeout downstream", "timeout upstream"]
    wait_for(lambda: not standing(edged).toxics)
    assert edged.ask("GET", "/faults") == {"faults": []}


def test_an_edge_that_was_killed_has_its_faults_again_when_it_is_back(edged: Toys) -> None:
    inject(edged, "slow", "slow", latency_ms=20)
    connect(edged).close()
    inject(edged, "kill", "kill", "region/east")
    with pytest.raises(ConnectionRefusedError):
        connect(edged)
    inject(edged, "meanwhile", "limit", bytes_per_second=5000)
    edged.ask("DELETE", "/faults/kill")
    wait_for(lambda: kinds(edged) == ["bandwidth downstream", "latency downstream"])
    # One that dies by itself, too.
    os.kill(edged.parts()["edge-east"]["pid"], signal.SIGKILL)
    edged.wait_states(**{"edge-east": "dead"})
    edged.ask("DELETE", "/faults/slow")
    edged.ask("POST", "/start")
    wait_for(lambda: kinds(edged) == ["bandwidth downstream"])


def test_a_client_that_reads_nothing_does_not_keep_a_fault_from_its_edge(edged: Toys) -> None:
    behind = (edged.lab.inner(edged.lab.region("east"), "gateway"), addresses.GATEWAY_PORT)
    with socket.create_server(behind) as server, connect(edged) as client:
        talker, _ = server.accept()
        talker.settimeout(1)
        with talker, contextlib.suppress(TimeoutError):
            while True:
                talker.send(b"x" * 65536)
        inject(edged, "slow", "slow", latency_ms=20)
        assert kinds(edged) == ["latency downstream"]
        # It was started again, which ended what hung.
        with contextlib.suppress(ConnectionResetError):
            while client.recv(65536):
                pass
    edged.ask("DELETE", "/faults/slow")
    assert standing(edged) == Standing()


def test_a_frozen_edge_takes_its_faults_when_it_goes_on(edged: Toys) -> None:
    inject(edged, "freeze", "freeze", "region/east")
    inject(edged, "slow", "slow", latency_ms=20)
    edged.ask("DELETE", "/faults/freeze")
    wait_for(lambda: kinds(edged) == ["latency downstream"])


REFUSED: list[tuple[str, str, dict[str, Any], str]] = [
    ("slow", GATEWAY, {}, "slow needs latency_ms"),
    ("slow", GATEWAY, {"latency_ms": "10"}, "latency_ms of slow must be a number from 1"),
    ("slow", GATEWAY, {"latency_ms": 0}, "must be a number from 1"),
    ("slow", GATEWAY, {"latency_ms": True}, "must be a number from 1"),
    ("slow", GATEWAY, {"latency_ms": 9, "direction": "up"}, "direction of slow must be one of"),
    ("limit", GATEWAY, {"bytes_per_second": 10}, "must be a number from 1000"),
    ("lossy", GATEWAY, {"percent": 101}, "must be a number from 1 to 100"),
    ("refuse", GATEWAY, {"direction": "in"}, "refuse does not know 'direction'"),
    ("kill", "region/east", {"hard": 1}, "kill does not know 'hard': it takes nothing more"),
    ("kill", GATEWAY, {}, "there is no edge/east/gateway"),
    ("refuse", "edge/north", {}, "there is no edge/north"),
    ("refuse", "part/store", {}, "there is no part/store"),
    ("overload", GATEWAY, {}, "there is no edge/east/gateway for overload"),
    ("forget", "region/west", {}, "there is no region/west that could forget"),
]


def test_a_network_fault_that_makes_no_sense_is_refused(edged: Toys) -> None:
    for kind, target, more, told in REFUSED:
        with pytest.raises(LabError, match=told):
            inject(edged, "f", kind, target, **more)
    assert edged.ask("GET", "/faults") == {"faults": []}
    assert standing(edged) == Standing()


def test_the_same_id_with_other_parameters_is_another_fault(edged: Toys) -> None:
    inject(edged, "f", "slow", latency_ms=20)
    assert inject(edged, "f", "slow", latency_ms=20)["id"] == "f"
    with pytest.raises(LabError, match="fault f is slow edge/east/gateway"):
        inject(edged, "f", "slow", latency_ms=30)


def test_killing_the_supervisor_takes_the_edge_along(edged: Toys) -> None:
    pid = edged.parts()["edge-east"]["pid"]
    assert edged.process
    edged.process.kill()
    edged.process.wait(5)
    wait_for(lambda: not Path(f"/proc/{pid}").exists(), 3)
