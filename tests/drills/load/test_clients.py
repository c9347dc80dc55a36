"""Real Locust processes against a small server and a small name server on loopback."""

import asyncio
import contextlib
import dataclasses
import http.server
import os
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import dns.message
import dns.rrset
import pytest
from dns.edns import ECSOption

from infctl.clients import load_processes
from infctl.clients.load import LocustLoad
from infctl.clients.processes import Process, find, wait_gone
from infctl.content.load_order import Order, write_order
from infctl.drills.load.locustfile import start_delays
from infctl.errors import ConfigurationError, InfctlError
from infctl.ports.load import LoadRequest, RequestRecord, Shape

HOST = "vision.infctl.test"
ONE, TWO = "127.203.9.1", "127.203.9.2"
GERMANS, AMERICANS = "198.18.93.0/24", "198.18.1.0/24"


class Answering(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        assert self.headers["host"] == HOST
        self.send_response(200)
        self.send_header("x-infctl-region", f"region-{self.connection.getsockname()[0]}")
        self.send_header("x-infctl-model-version", "v1")
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        return


class Names:
    """Answers A queries with one address and a TTL of one second; Germans go to the second."""

    def __init__(self) -> None:
        self.address = ONE
        self.subnets: set[str] = set()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.203.9.53", 0))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                data, client = self.socket.recvfrom(4096)
            except OSError:
                return
            question = dns.message.from_wire(data)
            subnets = [str(o.address) for o in question.options if isinstance(o, ECSOption)]
            self.subnets |= set(subnets)
            answer = dns.message.make_response(question)
            name = answer.question[0].name
            is_german = subnets == [GERMANS.partition("/")[0]]
            address = TWO if is_german else self.address
            answer.answer.append(dns.rrset.from_text(name, 1, "IN", "A", address))
            with contextlib.suppress(OSError):
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
    load = LocustLoad(names.socket.getsockname())
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


async def test_workers_behind_a_master_send_a_ramp_from_their_countries_and_it_is_replayed(
    tmp_path: Path, port: int
) -> None:
    names = Names()
    load = LocustLoad(names.socket.getsockname(), {"DE": GERMANS, "US": AMERICANS})
    log = tmp_path / "requests.jsonl"
    request = LoadRequest(
        f"{HOST}:{port}", users=5, rate=5.0, timeout=2.0, log=log, workers=2,
        shape=Shape("ramp", peak=40.0, over=4.0), countries=(("DE", 2.0), ("US", 3.0)),
    )  # fmt: skip
    load_id = await load.start(request)
    assert len(load_processes.read_record(Path(load_id))) == 3
    records = await sent(load, log, 60)
    await load.stop(load_id)
    assert {(r.country, r.region) for r in records} == {
        ("DE", f"region-{TWO}"),
        ("US", f"region-{ONE}"),
    }
    # Which worker gets which client is Locust's to say.
    assert {r.client[-1] for r in records} == set("01234")
    assert len({r.client for r in records}) == 5
    assert {r.model for r in records} == {"v1"}
    assert names.subnets == {"198.18.93.0", "198.18.1.0"}
    half = len(records) // 2
    first, second = records[half].ended - records[0].ended, records[-1].ended - records[half].ended
    assert first > 1.3 * second
    assert not [p for p in load_processes.read_record(Path(load_id)) if p.is_alive()]
    await replayed(load, log, tmp_path / "again.jsonl", request)
    names.socket.close()


async def replayed(load: LocustLoad, log: Path, again: Path, request: LoadRequest) -> None:
    """The same clients send the same requests again, four times as fast."""
    before = load.read(log)
    shape = Shape("replay", source=str(log), speed=4.0)
    request = dataclasses.replace(
        request, log=again, shape=shape, countries=(), workers=1, seconds=20.0
    )
    load_id = await load.start(request)
    records = await sent(load, again, len(before))
    await load.stop(load_id)
    assert Counter(r.country for r in records) == Counter(r.country for r in before)
    took, recorded_in = (max(r.started for r in a) - a[0].started for a in (records, before))
    # A busy machine makes clients late at first.
    assert took < 0.8 * recorded_in


async def sent(load: LocustLoad, log: Path, count: int) -> list[RequestRecord]:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if len(found := load.read(log)) >= count:
            return found
        await asyncio.sleep(0.1)
    raise AssertionError(f"{len(found)} of {count} requests")


async def test_a_load_of_some_seconds_ends_by_itself_and_one_without_a_lease_at_once(
    tmp_path: Path, port: int
) -> None:
    names = Names()
    load = LocustLoad(names.socket.getsockname())
    request = LoadRequest(f"{HOST}:{port}", 1, 5.0, 1.0, tmp_path / "short", seconds=0.5)
    [short] = load_processes.read_record(Path(await load.start(request)))
    request = dataclasses.replace(request, log=tmp_path / "long", seconds=60.0)
    [long] = load_processes.read_record(Path(await load.start(request)))
    (tmp_path / "long.lease").unlink()
    assert await wait_gone([short, long], 10)
    names.socket.close()


async def test_clients_of_a_country_that_nobody_placed_are_refused(tmp_path: Path) -> None:
    load = LocustLoad(("127.203.9.53", 1), {"DE": GERMANS})
    request = LoadRequest(
        f"{HOST}:9", 1, 1.0, 1.0, tmp_path / "log", countries=(("DE", 1.0), ("FR", 1.0))
    )
    with pytest.raises(ConfigurationError, match="clients in FR"):
        await load.start(request)
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


def _broken(request: LoadRequest, order: Order) -> subprocess.Popen[bytes]:
    del order
    path = request.log.with_name("order.json")
    path.write_text("{}")
    argv = [sys.executable, "-m", "infctl.executor.load", "--request", str(path)]
    return subprocess.Popen(argv, stderr=subprocess.DEVNULL)


def test_a_pid_used_again_is_not_the_process_we_know() -> None:
    me = find(os.getpid())
    assert me is not None
    assert me.is_alive()
    assert not Process(me.pid, me.started + 1).is_alive()
