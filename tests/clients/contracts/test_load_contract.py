"""What every Load does, in memory and as Locust in processes of its own."""

import http.server
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import dns.message
import dns.rrset
import pytest

from infctl.clients.clock import SystemClock
from infctl.clients.load import LocustLoad
from infctl.fakes.load import FakeLoad, Reply
from infctl.ports.clock import Clock
from infctl.ports.load import Load, LoadRequest, RequestRecord

SECONDS = 30.0
RATE = 20.0


class Answering(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("x-infctl-region", "eu-west-1")
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        return


@dataclass
class Subject:
    """A load, the clock by which it sends, and where it sends to."""

    load: Load
    clock: Clock
    endpoint: str
    log: Path

    def request(self) -> LoadRequest:
        return LoadRequest(self.endpoint, users=4, rate=RATE, timeout=2.0, log=self.log)

    async def wait_for(self, count: int) -> list[RequestRecord]:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            if len(found := self.load.read(self.log)) >= count:
                return found
            await self.clock.sleep(0.1)
        raise AssertionError(f"{len(found)} requests, not {count}")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture(scope="module")
def resolver() -> Iterator[tuple[str, int]]:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as server:
        server.bind(("127.0.0.1", 0))
        threading.Thread(target=_answer, args=(server,), daemon=True).start()
        yield server.getsockname()


def _answer(server: socket.socket) -> None:
    while True:
        try:
            data, client = server.recvfrom(4096)
        except OSError:
            return
        found = dns.message.make_response(dns.message.from_wire(data))
        name = found.question[0].name
        found.answer.append(dns.rrset.from_text(name, 5, "IN", "A", "127.0.0.1"))
        server.sendto(found.to_wire(), client)


@pytest.fixture(params=["fake", "real"])
async def subject(
    request: pytest.FixtureRequest, tmp_path: Path, endpoint: int, resolver: tuple[str, int]
) -> AsyncIterator[Subject]:
    log, place = tmp_path / "requests.jsonl", f"vision.infctl.test:{endpoint}"
    if request.param == "fake":
        fake = FakeLoad(reply=lambda: Reply("eu-west-1", "127.0.0.1"))
        yield Subject(fake, fake.clock, place, log)
        return
    real = Subject(LocustLoad(resolver), SystemClock(), place, log)
    yield real
    await real.load.stop(str(log.with_name(f"{log.name}.processes.json")))


async def test_requests_come_at_the_rate_and_in_order_until_the_load_is_stopped(
    subject: Subject,
) -> None:
    load_id = await subject.load.start(subject.request())
    records = await subject.wait_for(60)
    assert all(r.ok and r.status == 200 and r.region == "eu-west-1" for r in records)
    assert {r.address for r in records} == {"127.0.0.1"}
    assert len({r.client for r in records}) == 4
    assert [r.ended for r in records] == sorted(r.ended for r in records)
    span = records[-1].ended - records[19].ended
    assert (len(records) - 20) / span == pytest.approx(RATE, rel=0.4)
    await subject.load.stop(load_id)
    stopped = subject.load.read(subject.log)
    assert len(stopped) >= len(records)
    await subject.clock.sleep(0.5)
    assert subject.load.read(subject.log) == stopped


async def test_starting_again_is_the_same_load_and_unknown_ones_are_stopped(
    subject: Subject,
) -> None:
    first = await subject.load.start(subject.request())
    await subject.wait_for(1)
    assert await subject.load.start(subject.request()) == first
    await subject.load.stop(first)
    await subject.load.stop(first)
    await subject.load.stop(str(subject.log.with_name("nobody")))
    assert subject.load.read(subject.log.with_name("nothing")) == []


async def test_a_second_reader_sees_the_same(subject: Subject, resolver: tuple[str, int]) -> None:
    load_id = await subject.load.start(subject.request())
    await subject.wait_for(5)
    await subject.load.stop(load_id)
    reader = LocustLoad(resolver) if isinstance(subject.load, LocustLoad) else subject.load
    assert reader.read(subject.log) == subject.load.read(subject.log)
