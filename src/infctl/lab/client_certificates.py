"""TLS of servers that know their clients by a certificate of the lab's authority."""

import ssl
from pathlib import Path

from aiohttp import web


def common_name(request: web.Request) -> str | None:
    """The name in the client's certificate; None where it showed none."""
    transport = request.transport
    certificate = transport.get_extra_info("peercert") if transport else None
    for relative in (certificate or {}).get("subject", ()):
        for key, value in relative:
            if key == "commonName":
                return str(value)
    return None


def make_context(certificate: Path, key: Path, authority: Path) -> ssl.SSLContext:
    """TLS for the server: a client's certificate is verified if it shows one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(authority)
    # Without one the answer is 401, which says more than an ended handshake.
    context.verify_mode = ssl.CERT_OPTIONAL
    return context
