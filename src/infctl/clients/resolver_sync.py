"""One A query to one server, for the clients' process, where there is no asyncio."""

import ipaddress

import dns.edns
import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

TIMEOUT = 1.0
ATTEMPTS = 2


def resolve(name: str, address: str, port: int, subnet: str = "") -> tuple[tuple[str, ...], float]:
    """The addresses of `name` and the TTL in seconds; OSError where the server does not answer.

    `subnet` is where the client is, for servers that answer by place: an EDNS client subnet.
    """
    options: list[dns.edns.Option] = []
    if subnet:
        network = ipaddress.ip_network(subnet)
        options = [dns.edns.ECSOption(str(network.network_address), network.prefixlen)]
    query = dns.message.make_query(name, dns.rdatatype.A, options=options or None)
    answer = _ask(query, address, port)
    if answer.rcode() != dns.rcode.NOERROR:
        raise OSError(f"{name}: {dns.rcode.to_text(answer.rcode())}")
    found = [
        (str(item), float(rrset.ttl))
        for rrset in answer.answer
        if rrset.rdtype == dns.rdatatype.A
        for item in rrset
    ]
    return tuple(a for a, _ in found), min((ttl for _, ttl in found), default=0.0)


def _ask(query: dns.message.Message, address: str, port: int) -> dns.message.Message:
    for _ in range(ATTEMPTS):
        try:
            return dns.query.udp(query, address, port=port, timeout=TIMEOUT)
        except (dns.exception.DNSException, OSError):
            continue
    raise OSError(f"{address}:{port} does not answer")
