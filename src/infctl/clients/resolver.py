"""One A query to the platform's name servers behind the port `Resolver`."""

import time
from typing import Any

from infctl.errors import InfctlError, Unreachable
from infctl.model.text import clean
from infctl.ports.names import Answer

TIMEOUT = 1.0
ATTEMPTS = 2


class DnsResolver:
    """Asks one server as a client does; without an address it asks those of this machine."""

    def __init__(self, address: str = "", port: int = 53) -> None:
        self._address = address
        self._port = port

    async def resolve(self, name: str) -> Answer:
        """One A query; Unreachable where no server answers."""
        import dns.exception
        import dns.rcode

        shown = clean(name, limit=260)
        answer = await self._ask(_question(name))
        if answer.rcode() == dns.rcode.NXDOMAIN:
            raise InfctlError(f"the name service does not know {shown}", hint="infctl deploy apply")
        if answer.rcode() != dns.rcode.NOERROR:
            raise Unreachable(f"{shown}: the name service says {dns.rcode.to_text(answer.rcode())}")
        try:
            # Through aliases, and past what was not asked for.
            chain = answer.resolve_chaining()
        except dns.exception.DNSException as error:
            raise Unreachable(f"{shown}: the name service's answer makes no sense") from error
        if chain.answer is None:
            return Answer((), 0, time.time())
        addresses = tuple(str(item) for item in chain.answer)
        return Answer(addresses, chain.minimum_ttl, time.time())

    async def _ask(self, query: Any) -> Any:
        import dns.asyncquery
        import dns.exception

        server, port = self._server()
        for _ in range(ATTEMPTS):
            try:
                # A truncated answer is asked for again over TCP.
                answer, _ = await dns.asyncquery.udp_with_fallback(query, server, TIMEOUT, port)
            except (dns.exception.DNSException, OSError, EOFError, ValueError):
                continue
            return answer
        raise Unreachable(f"the name server {server}:{port} does not answer")

    def _server(self) -> tuple[str, int]:
        if self._address:
            return self._address, self._port
        import dns.exception
        import dns.resolver

        try:
            return str(dns.resolver.Resolver().nameservers[0]), 53
        except (dns.exception.DNSException, OSError, IndexError) as error:
            raise Unreachable("this machine names no name server") from error


def _question(name: str) -> Any:
    import dns.exception
    import dns.message
    import dns.rdatatype

    try:
        return dns.message.make_query(name, dns.rdatatype.A)
    except (dns.exception.DNSException, ValueError) as error:
        raise InfctlError(f"{clean(name, limit=80)!r} can be no host's name") from error
