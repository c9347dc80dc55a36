"""DNS messages: a question's bytes in, an answer's bytes out."""

from collections.abc import Callable
from functools import lru_cache

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from infctl.lab.dns.answers import Reply, Rows

Answering = Callable[[str, str, str], Reply]
"""Name (lower case, with its last dot), type and the client's address to a reply."""

UDP_SIZE = 512
OUR_SIZE = 1232
_HEADER = 12
_RESPONSE = 0x80


def respond(data: bytes, answering: Answering, *, udp: bool, sender: str = "") -> bytes | None:
    """The answer to a message, or None for what deserves none (answers, and less than a header).

    The client is at the subnet that the message names (EDNS), else at the sender's address.
    """
    if len(data) < _HEADER or data[2] & _RESPONSE:
        return None
    try:
        query = dns.message.from_wire(data)
    except (dns.exception.DNSException, ValueError):
        return _format_error(data)
    response = dns.message.make_response(query, our_payload=OUR_SIZE)
    response.flags |= dns.flags.AA
    code = _refusal(query)
    if code is None:
        question = query.question[0]
        kind = dns.rdatatype.to_text(question.rdtype)
        subnet = _client_subnet(query)
        client = subnet.address if subnet and subnet.srclen else sender
        reply = answering(question.name.to_text().lower(), kind, client)
        code = _fill(response, reply, question.name)
        if subnet:
            _tell_scope(response, subnet, reply.scope)
    if code in (dns.rcode.REFUSED, dns.rcode.SERVFAIL, dns.rcode.NOTIMP, dns.rcode.BADVERS):
        response.flags &= ~dns.flags.AA
    response.set_rcode(code)
    limit = min(max(query.payload, UDP_SIZE), OUR_SIZE) if udp else 65535
    return response.to_wire(max_size=limit, prefer_truncation=True)


def _fill(response: dns.message.Message, reply: Reply, asked: dns.name.Name) -> dns.rcode.Rcode:
    """Put a reply's records in; SERVFAIL where a record set holds no records of its type."""
    try:
        response.answer = [_to_rrset(rows, asked) for rows in reply.answer]
        response.authority = [_to_rrset(rows, asked) for rows in reply.authority]
    except dns.exception.DNSException:
        response.answer, response.authority = [], []
        return dns.rcode.SERVFAIL
    return dns.rcode.from_text(reply.code)


def _client_subnet(query: dns.message.Message) -> dns.edns.ECSOption | None:
    return next((found for found in query.options if isinstance(found, dns.edns.ECSOption)), None)


def _tell_scope(response: dns.message.Message, subnet: dns.edns.ECSOption, scope: int) -> None:
    """Say for which clients a resolver may keep the answer (RFC 7871, section 7.2.1)."""
    scope = scope if subnet.srclen else 0
    told = dns.edns.ECSOption(subnet.address, subnet.srclen, scope)
    response.use_edns(0, response.ednsflags, OUR_SIZE, options=[told])


def _refusal(query: dns.message.Message) -> dns.rcode.Rcode | None:
    if query.opcode() != dns.opcode.QUERY:
        return dns.rcode.NOTIMP
    if query.edns > 0:
        return dns.rcode.BADVERS
    if len(query.question) != 1:
        return dns.rcode.FORMERR
    if query.question[0].rdclass != dns.rdataclass.IN:
        return dns.rcode.REFUSED
    if dns.rdatatype.is_metatype(query.question[0].rdtype):
        return dns.rcode.NOTIMP
    return None


def _format_error(data: bytes) -> bytes:
    """The header alone: the same id and opcode, with FORMERR."""
    return data[:2] + bytes([_RESPONSE | (data[2] & 0x79), dns.rcode.FORMERR]) + bytes(8)


def _to_rrset(rows: Rows, asked: dns.name.Name) -> dns.rrset.RRset:
    """Records under the name as the client wrote it, for clients that mix upper and lower case."""
    same = rows.name == asked.to_text().lower()
    name = asked if same else dns.name.from_text(rows.name)
    return dns.rrset.from_rdata(name, rows.ttl, *(_rdata(rows.type, v) for v in rows.values))


@lru_cache(maxsize=4096)
def _rdata(kind: str, value: str) -> dns.rdata.Rdata:
    return dns.rdata.from_text("IN", kind, value, origin=dns.name.root, relativize=False)
