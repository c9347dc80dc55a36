"""What a lab costs and where it listens."""

import ipaddress
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
    mine = [s for name in ("tcp", "udp", "tcp6", "udp6") for s in _sockets(name) if s[2] in owned]
    assert len([s for s in mine if s[1] == _LISTENS]) > 30
    assert [address for address, _, _ in mine if not address.is_loopback] == []


Socket = tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, str, str]
"""Its local address, its state and its inode."""


def _sockets(name: str) -> list[Socket]:
    lines = Path(f"/proc/net/{name}").read_text().splitlines()[1:]
    columns = [line.split() for line in lines]
    return [(_address(c[1].split(":")[0]), c[3], c[9]) for c in columns]


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Words of 32 bits in the machine's own order; proc(5)."""
    words = [bytes.fromhex(text[i : i + 8])[::-1] for i in range(0, len(text), 8)]
    found = ipaddress.ip_address(b"".join(words))
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


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
