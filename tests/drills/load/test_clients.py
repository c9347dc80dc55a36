"""Real Locust processes against a small server and a small name server on loopback."""

import asyncio
import http.server
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import dns.message
import dns.rrset
import pytest

from infctl.clients.load import LocustLoad
from infctl.clients.processes import Process, find
from infctl.content.load_order import Order, write_order
from infctl.drills.load.locustfile import start_delays
from infctl.errors import InfctlError
from infctl.ports.load import LoadRequest

HOST = "vision.infctl.test"
ONE, TWO = "127.203.9.1", "127.203.9.2"


class Answering(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        assert self.headers["host"] == HOST
        self.send_response(200)
        self.send_header("x-infctl-region", f"region-{self.connection.getsockname()[0]}")
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        return


class Names:
    """Answers A queries with one address and a TTL of one second."""

    def __init__(self) -> None:
        self.address = ONE
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.203.9.53", 0))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                data, client = self.socket.recvfrom(4096)
            except OSError:
                return
            answer = dns.message.make_response(dns.message.from_wire(data))
            name = answer.question[0].name
            answer.answer.append(dns.rrset.from_text(name, 1, "IN", "A", self.address))
            self.socket.sendto(answer.to_wire(), client)


@pytest.fixture
def port() -> Iterator[int]:
    first = http.server.ThreadingHTTPServer((ONE, 0), Answering)
    second = http.server.ThreadingHTTPServer((TWO, first.server_port), Answering)
    for server in (first, second):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield first.server_port
    for server in (first, second):
        server.shutdown()
        server.server_close()


def recorded(folder: Path) -> list[Path]:
    return list(folder.glob("*.processes.json"))


async def until(load: LocustLoad, log: Path, region: str, clients: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        last = {r.client: r.region for r in load.read(log)}
        if len(last) == clients and set(last.values()) == {region}:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"clients are not all served by {region}")


async def test_clients_send_at_the_rate_follow_the_answer_and_end_with_whole_logs(
    tmp_path: Path, port: int
) -> None:
    names = Names()
    load = LocustLoad(names.socket.getsockname(), workers=1)
    log = tmp_path / "requests.jsonl"
    request = LoadRequest(f"{HOST}:{port}", users=6, rate=30.0, timeout=2.0, log=log)
    load_id = await load.start(request)
    assert await load.start(request) == load_id
    await until(load, log, f"region-{ONE}", 6)
    names.address = TWO
    moved = time.time()
    await until(load, log, f"region-{TWO}", 6)
    await asyncio.sleep(1.5)
    await LocustLoad(names.socket.getsockname()).stop(load_id)
    names.socket.close()
    records = load.read(log)
    assert all(r.ok for r in records)
    assert log.read_text().endswith("\n")
    assert max(r.started for r in records if r.address == ONE) < moved + 1.5
    settled = [r for r in records if moved < r.started <= moved + 2]
    assert 45 <= len(settled) <= 75
    firsts: dict[str, float] = {}
    for resolution in load.resolutions(log):
        firsts.setdefault(resolution.client, resolution.at)
    # A TTL of a second over six clients; together they would all turn at the same moment.
    assert max(firsts.values()) - min(firsts.values()) > 0.6
    [first, *_] = [r for r in load.resolutions(log) if r.client == records[0].client]
    assert (first.addresses, first.ttl) == ((ONE,), 1.0)
    assert not recorded(tmp_path)


def order(users: int, spread: float = 10.0) -> Order:
    return Order(HOST, 80, users, 10.0, 1.0, "log", "lease", "127.0.0.1", 53, spread=spread)


@pytest.mark.parametrize(
    ("ttl", "spread", "delays"),
    [(20.0, 10.0, [0.0, 2.5, 5.0, 7.5]), (4.0, 10.0, [0.0, 1.0, 2.0, 3.0]), (0.0, 10.0, [0.0] * 4)],
)
def test_clients_start_evenly_over_the_shorter_of_ttl_and_spread(
    ttl: float, spread: float, delays: list[float]
) -> None:
    asked: list[str] = []

    def resolve(name: str) -> tuple[tuple[str, ...], float]:
        asked.append(name)
        return (ONE,), ttl

    assert start_delays(order(4, spread), resolve) == delays
    assert asked == [HOST]


def test_without_an_answer_clients_start_at_once() -> None:
    def resolve(name: str) -> tuple[tuple[str, ...], float]:
        raise OSError(name)

    assert start_delays(order(2), resolve) == [0.0, 0.0]


async def test_clients_end_by_themselves_when_their_lease_ran_out(
    tmp_path: Path, port: int
) -> None:
    order, lease = tmp_path / "order.json", tmp_path / "lease"
    write_order(
        order,
        Order(
            host=HOST,
            port=port,
            users=1,
            rate=5,
            timeout=1,
            log=str(tmp_path / "log"),
            lease=str(lease),
            resolver_address="127.203.9.53",
            resolver_port=1,
        ),
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "infctl.executor.load", "--request", str(order)
    )
    assert await asyncio.wait_for(process.wait(), 20) == 0


async def test_clients_that_cannot_start_are_an_error_and_leave_nothing(tmp_path: Path) -> None:
    load = LocustLoad(("127.203.9.53", 1))
    load._spawn = _broken  # type: ignore[method-assign]
    request = LoadRequest(f"{HOST}:99", users=1, rate=1.0, timeout=1.0, log=tmp_path / "log")
    with pytest.raises(InfctlError, match="did not start"):
        await load.start(request)
    assert not recorded(tmp_path)


def _broken(request: LoadRequest, number: int) -> subprocess.Popen[bytes]:
    order = request.log.with_name("order.json")
    order.write_text("{}")
    argv = [sys.executable, "-m", "infctl.executor.load", "--request", str(order)]
    return subprocess.Popen(argv, stderr=subprocess.DEVNULL)


def test_a_pid_used_again_is_not_the_process_we_know() -> None:
    me = find(os.getpid())
    assert me is not None
    assert me.is_alive()
    assert not Process(me.pid, me.started + 1).is_alive()
