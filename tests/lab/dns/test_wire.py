"""The running name server, asked by a client library."""

import asyncio
import socket
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import dns.asyncquery
import dns.edns
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rrset
import pytest
from zones import REGIONS, catalogue

from infctl.lab.dns.fleet import Fleet
from infctl.lab.dns.records import Catalogue
from infctl.lab.dns.server import Server
from infctl.lab.dns.service import Service
from infctl.lab.dns.source import SourceFailed

HOST = "127.0.0.1"


class FixedSource:
    def __init__(self) -> None:
        self.held: Catalogue | None = catalogue()

    async def read(self) -> Catalogue:
        if self.held is None:
            raise SourceFailed("away")
        return self.held


class Running:
    def __init__(self, service: Service, source: FixedSource, port: int) -> None:
        self.service = service
        self.source = source
        self.port = port

    async def ask(
        self, name: str, kind: str = "A", *, tcp: bool = False, **options: Any
    ) -> dns.message.Message:
        query = dns.message.make_query(name, kind, **options)
        send = dns.asyncquery.tcp if tcp else dns.asyncquery.udp
        return await send(query, HOST, port=self.port, timeout=2)


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    source = FixedSource()
    service = Service(source, Fleet({}, lambda *_: None), Random(1))
    server = Server(service.respond)
    port = free_port()
    await server.start(HOST, port)
    await service.reload()
    yield Running(service, source, port)
    await server.stop()
    await service.fleet.close()


def free_port() -> int:
    with socket.socket() as found:
        found.bind((HOST, 0))
        return int(found.getsockname()[1])


@pytest.mark.parametrize("tcp", [False, True])
async def test_an_address_comes_over_udp_and_tcp(running: Running, tcp: bool) -> None:
    found = await running.ask("vision.infctl.test", tcp=tcp)
    assert found.rcode() == dns.rcode.NOERROR
    assert found.flags & dns.flags.AA
    assert found.answer[0].ttl == 20
    assert str(found.answer[0][0]) in REGIONS.values()


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        ("x.below.infctl.test", "A", "NXDOMAIN"),
        ("vision.infctl.test", "AAAA", "NOERROR"),
        ("vision.example", "A", "REFUSED"),
        ("near.infctl.test", "A", "SERVFAIL"),
        ("bad.infctl.test", "A", "SERVFAIL"),
        ("infctl.test", "ANY", "NOTIMP"),
        ("infctl.test", "AXFR", "NOTIMP"),
    ],
)
async def test_what_is_not_answered_says_why(
    running: Running, name: str, kind: str, code: str
) -> None:
    query = dns.message.make_query(name, kind)
    data = running.service.respond(query.to_wire(), True)
    assert data is not None
    found = dns.message.from_wire(data)
    assert (dns.rcode.to_text(found.rcode()), found.answer) == (code, [])
    denied = code in ("NXDOMAIN", "NOERROR")
    assert [str(rrset.name) for rrset in found.authority] == (["infctl.test."] if denied else [])
    assert bool(found.flags & dns.flags.AA) is denied


async def test_text_and_the_soa_arrive_as_written(running: Running) -> None:
    text = await running.ask("text.infctl.test", "TXT")
    assert str(text.answer[0][0]) == '"one" "two; three"'
    soa = await running.ask("infctl.test", "SOA")
    assert str(soa.answer[0][0].mname) == "ns.test."


async def test_letters_of_any_case_come_back_as_they_were_asked(running: Running) -> None:
    found = await running.ask("ViSiOn.InFcTl.TeSt")
    assert str(found.answer[0].name) == "ViSiOn.InFcTl.TeSt."


async def test_a_large_answer_is_cut_over_udp_and_whole_over_tcp(running: Running) -> None:
    cut = await running.ask("many.infctl.test", "TXT", use_edns=0, payload=1232)
    assert cut.flags & dns.flags.TC
    whole = await running.ask("many.infctl.test", "TXT", tcp=True)
    assert not whole.flags & dns.flags.TC
    assert len(whole.answer[0]) == 20


async def test_edns_is_answered_in_version_0_alone(running: Running) -> None:
    found = await running.ask("vision.infctl.test", use_edns=0, payload=4096)
    assert (found.edns, found.rcode()) == (0, dns.rcode.NOERROR)
    refused = await running.ask("vision.infctl.test", use_edns=1)
    assert refused.rcode() == dns.rcode.BADVERS
    plain = await running.ask("vision.infctl.test")
    assert plain.edns == -1


def broken(after_header: bytes) -> bytes:
    return b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + after_header


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 11,
        b"\x12\x34\x80\x00" + bytes(8),
    ],
    ids=["empty", "less than a header", "an answer"],
)
async def test_what_is_no_question_is_not_answered(running: Running, data: bytes) -> None:
    assert running.service.respond(data, True) is None


@pytest.mark.parametrize(
    "data",
    [
        broken(b""),
        broken(b"\xc0\x0c\x00\x01\x00\x01"),
        broken(b"\x3fshort"),
        broken(b"\x01a\x00\x00\x01\x00\x01trailing"),
    ],
    ids=["no question", "a name that points to itself", "a short name", "trailing bytes"],
)
async def test_broken_questions_get_a_format_error(running: Running, data: bytes) -> None:
    found = running.service.respond(data, True)
    assert found is not None
    assert found[:2] == data[:2]
    assert found[3] & 15 == dns.rcode.FORMERR


def with_subnet(option: bytes) -> bytes:
    """A question for vision.infctl.test with a client subnet option of these bytes."""
    body = b"\x00\x08" + len(option).to_bytes(2) + option
    name = b"\x06vision\x06infctl\x04test\x00\x00\x01\x00\x01"
    header = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01"
    return header + name + b"\x00\x00\x29\x04\xd0\x00\x00\x00\x00" + len(body).to_bytes(2) + body


@pytest.mark.parametrize(
    ("option", "code"),
    [
        (b"\x00\x01\x18\x00\xc6\x12\x5d", "NOERROR"),
        (b"\x00\x01\x00\x00", "NOERROR"),
        (b"\x00\x02\x30\x00\x20\x01\x0d\xb8\x00\x5d", "NOERROR"),
        (b"\x00\x01\x14\x00\xc6\x12\x5d", "FORMERR"),
        (b"\x00\x01\x21\x00\xc6\x12\x5d\x00\x01", "FORMERR"),
        (b"\x00\x03\x18\x00\xc6\x12\x5d", "FORMERR"),
        (b"\x00\x01\x18\x00\xc6", "FORMERR"),
        (b"\x00", "FORMERR"),
    ],
    ids=[
        *("a /24", "none", "IPv6", "bits beyond its length", "too long", "an unknown family"),
        *("too few bytes", "cut off"),
    ],
)
async def test_a_client_subnet_is_read_or_refused(
    running: Running, option: bytes, code: str
) -> None:
    found = running.service.respond(with_subnet(option), True)
    assert found is not None
    assert found[3] & 15 == dns.rcode.from_text(code)


async def test_broken_datagrams_and_streams_leave_the_server_answering(running: Running) -> None:
    dice = Random(7)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(200):
            sender.sendto(dice.randbytes(dice.randint(0, 600)), (HOST, running.port))
    for _ in range(20):
        _, writer = await asyncio.open_connection(HOST, running.port)
        writer.write(dice.randbytes(dice.randint(0, 600)))
        writer.close()
    assert (await running.ask("vision.infctl.test")).answer
    assert (await running.ask("vision.infctl.test", tcp=True)).answer


async def test_random_bytes_never_stop_the_server(running: Running) -> None:
    dice = Random(11)
    subnet = dns.edns.ECSOption("198.18.93.0", 24)
    query = dns.message.make_query("vision.infctl.test", "A", use_edns=0, options=[subnet])
    good = query.to_wire()
    for _ in range(2000):
        data = bytearray(good)
        for _ in range(dice.randint(1, 6)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        running.service.respond(bytes(data[: dice.randint(0, len(data))]), True)
    assert (await running.ask("vision.infctl.test")).answer


async def test_a_tcp_client_may_ask_more_than_once_and_leave_in_between(
    running: Running,
) -> None:
    reader, writer = await asyncio.open_connection(HOST, running.port)
    query = dns.message.make_query("vision.infctl.test", "A").to_wire()
    for _ in range(3):
        writer.write(len(query).to_bytes(2) + query[:5])
        await writer.drain()
        writer.write(query[5:])
        size = int.from_bytes(await reader.readexactly(2))
        assert dns.message.from_wire(await reader.readexactly(size)).answer
    writer.write(b"\x00\xff partial")
    writer.close()
    assert (await running.ask("vision.infctl.test", tcp=True)).answer


async def test_answers_go_on_from_the_last_reading_while_the_source_is_away(
    running: Running,
) -> None:
    running.source.held = None
    with pytest.raises(SourceFailed):
        await running.service.reload()
    assert (await running.ask("vision.infctl.test")).answer


async def test_a_zone_never_read_is_a_failure_of_the_server_not_a_missing_name() -> None:
    source = FixedSource()
    service = Service(source, Fleet({}, lambda *_: None))
    query = dns.message.make_query("vision.infctl.test", "A")
    data = service.respond(query.to_wire(), True)
    assert data is not None
    assert dns.message.from_wire(data).rcode() == dns.rcode.SERVFAIL
