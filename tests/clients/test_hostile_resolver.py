"""Whatever answers as a name server, the resolver ends in time with an error that can be shown."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

import infctl.clients.resolver
from infctl.clients.resolver import DnsResolver
from infctl.errors import InfctlError, Unreachable
from infctl.model.text import clean

PATIENCE = 0.4
NAME = "vision.infctl.test"
Reply = Callable[[bytes], bytes | None]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(infctl.clients.resolver, "TIMEOUT", PATIENCE)


@contextmanager
def server(reply: Reply) -> Iterator[tuple[str, int]]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(20)
        threading.Thread(target=_serve, args=(listener, reply), daemon=True).start()
        yield listener.getsockname()


def _serve(listener: socket.socket, reply: Reply) -> None:
    try:
        while True:
            query, client = listener.recvfrom(4096)
            if (found := reply(query)) is not None:
                listener.sendto(found, client)
    except OSError:
        return


def made(query: bytes, *rows: str, code: int = 0, flags: int = 0) -> bytes:
    response = dns.message.make_response(dns.message.from_wire(query))
    response.set_rcode(dns.rcode.Rcode(code))
    response.flags |= flags
    for row in rows:
        name, ttl, kind, value = row.split(maxsplit=3)
        response.answer.append(dns.rrset.from_text(name, int(ttl), "IN", kind, value))
    return response.to_wire()


SILENT: dict[str, Reply] = {
    "silence": lambda _: None,
    "no DNS": lambda _: b"<html>hello</html>",
    "half an answer": lambda query: made(query, f"{NAME}. 20 A 192.0.2.1")[:-6],
    "another question's id": lambda query: b"\0\0" + made(query, f"{NAME}. 20 A 192.0.2.1")[2:],
    "our own question": lambda query: query,
    "a pointer to itself": lambda query: query[:12] + b"\xc0\x0c\0\x01\0\x01",
    "SERVFAIL": lambda query: made(query, code=dns.rcode.SERVFAIL),
    "REFUSED": lambda query: made(query, code=dns.rcode.REFUSED),
    "cut, and nobody on TCP": lambda query: made(query, flags=dns.flags.TC),
}


@pytest.mark.parametrize("reply", SILENT)
async def test_what_is_no_answer_is_unreachable(reply: str) -> None:
    started = time.monotonic()
    with server(SILENT[reply]) as (address, port), pytest.raises(Unreachable) as caught:
        await DnsResolver(address, port).resolve(NAME)
    assert time.monotonic() - started < 2 * PATIENCE + 2
    assert caught.value.what == clean(caught.value.what)


@pytest.mark.parametrize("name", ["", "a..b", "x" * 64 + ".test", "ä" * 300, "a\x1b[31m b"])
async def test_a_name_that_is_none_is_our_mistake(name: str) -> None:
    with (
        server(lambda query: made(query, code=dns.rcode.NXDOMAIN)) as (address, port),
        pytest.raises(InfctlError) as caught,
    ):
        await DnsResolver(address, port).resolve(name)
    assert not isinstance(caught.value, Unreachable)
    assert caught.value.what == clean(caught.value.what)


async def test_an_answer_through_an_alias_has_the_smallest_ttl() -> None:
    rows = (f"{NAME}. 60 CNAME other.infctl.test.", "other.infctl.test. 20 A 192.0.2.1")
    with server(lambda query: made(query, *rows)) as (address, port):
        found = await DnsResolver(address, port).resolve(NAME)
    assert (found.addresses, found.ttl) == (("192.0.2.1",), 20)


async def test_addresses_of_another_name_are_not_taken_for_ours() -> None:
    with server(lambda query: made(query, "evil.test. 20 A 192.0.2.66")) as (address, port):
        found = await DnsResolver(address, port).resolve(NAME)
    assert found.addresses == ()


async def test_a_port_where_nobody_listens_is_unreachable() -> None:
    with server(lambda _: None) as (address, port):
        closed = port
    with pytest.raises(Unreachable, match="does not answer"):
        await DnsResolver(address, closed).resolve(NAME)
