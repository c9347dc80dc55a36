"""What a lab costs and where it listens."""

import socket
from pathlib import Path

import pytest
from living import Living

from infctl.lab import processes

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]

_LISTENS = "0A"


def test_a_lab_that_serves_takes_less_than_three_gigabytes(living: Living) -> None:
    used = sum(processes.proportional_bytes(p.pid) for p in living.recorded())
    assert 0 < used < 3 * 2**30


def test_every_socket_of_every_process_is_on_loopback(living: Living) -> None:
    owned = set()
    for process in living.recorded():
        for link in Path(f"/proc/{process.pid}/fd").glob("*"):
            try:
                target = str(link.readlink())
            except OSError:
                continue
            if target.startswith("socket:["):
                owned.add(target[8:-1])
    mine = [line for name in ("tcp", "udp") for line in _sockets(name) if line[9] in owned]
    listening = [line for line in mine if line[3] == _LISTENS]
    assert len(listening) > 30
    for line in mine:
        for end in (line[1], line[2]):
            address = socket.inet_ntoa(bytes.fromhex(end.split(":")[0])[::-1])
            assert address == "0.0.0.0" or address.startswith("127."), line  # noqa: S104
    for line in listening:
        assert socket.inet_ntoa(bytes.fromhex(line[1].split(":")[0])[::-1]).startswith("127.")
    six = [line for name in ("tcp6", "udp6") for line in _sockets(name) if line[9] in owned]
    assert [line for line in six if line[3] == _LISTENS] == []


def _sockets(name: str) -> list[list[str]]:
    lines = Path(f"/proc/net/{name}").read_text().splitlines()[1:]
    return [line.split() for line in lines]


def test_a_second_lab_runs_beside_the_first(living: Living) -> None:
    living.run("lab", "up", "--name", "blue", "--regions", "1", timeout=100)
    try:
        numbers = {living.lab().number, living.lab("blue").number}
        assert len(numbers) == 2
        living.run("--env", "blue", "deploy", "apply", "--region", "us-east-1", timeout=100)
        row = living.read("--env", "blue", "status", code=None)["items"][0]
        assert row["replicas"]["value"] == {"ready": 2, "wanted": 2}
    finally:
        living.run("lab", "down", "--name", "blue")
    assert not living.state("blue").exists()
    assert living.regions()["us-east-1"]["state"] == "healthy"


def test_up_again_says_that_it_is_up(living: Living) -> None:
    assert "is up already" in living.run("lab", "up").stderr
