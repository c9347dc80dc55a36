"""Asks a server for its health by gRPC (grpc.health.v1.Health/Check), over plain HTTP/2."""

import asyncio
import struct
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events
import h2.exceptions

_PATH = "/grpc.health.v1.Health/Check"
_BLOCK = 2**16
_PREFIX = struct.Struct(">BI")
_STATUSES = {0: "UNKNOWN", 1: "SERVING", 2: "NOT_SERVING", 3: "SERVICE_UNKNOWN"}
_SERVING = "SERVING"


@dataclass(slots=True)
class Answer:
    """What has come of an answer."""

    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    is_over: bool = False


async def check_health(host: str, port: int, service: str) -> str:
    """Ask once: "" if it serves, else what it said; OSError where nobody answers."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        connection = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        connection.initiate_connection()
        connection.send_headers(1, _headers(f"{host}:{port}"))
        connection.send_data(1, make_request(service), end_stream=True)
        answer = Answer()
        while not answer.is_over:
            writer.write(connection.data_to_send())
            if not (data := await reader.read(_BLOCK)):
                return "the server ended the connection"
            for event in connection.receive_data(data):
                _take(answer, event, connection)
        return read_answer(answer)
    except h2.exceptions.ProtocolError as error:
        return f"no gRPC: {error}"
    finally:
        writer.close()


def _headers(authority: str) -> list[tuple[str, str]]:
    return [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", _PATH),
        (":authority", authority),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
        ("user-agent", "kube-probe/1.37"),
    ]


def make_request(service: str) -> bytes:
    """The message HealthCheckRequest with its prefix; a service's name is its first field."""
    name = service.encode()
    message = b"\x0a" + _varint(len(name)) + name if name else b""
    return _PREFIX.pack(0, len(message)) + message


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _take(answer: Answer, event: object, connection: h2.connection.H2Connection) -> None:
    match event:
        case h2.events.ResponseReceived() | h2.events.TrailersReceived():
            answer.headers |= {str(name): str(value) for name, value in event.headers or ()}
        case h2.events.DataReceived():
            answer.body += event.data or b""
            connection.acknowledge_received_data(event.flow_controlled_length or 0, 1)
        case h2.events.StreamEnded() | h2.events.StreamReset():
            answer.is_over = True
        case h2.events.ConnectionTerminated():
            answer.is_over = True


def read_answer(answer: Answer) -> str:
    """ "" if it says SERVING, else what it says."""
    status = answer.headers.get("grpc-status", "")
    if status != "0":
        said = answer.headers.get("grpc-message", "")
        return f"gRPC status {status or 'missing'}: {said}".rstrip(": ")
    message = answer.body[_PREFIX.size :]
    # HealthCheckResponse has one field, an enum; without it, it is the first: UNKNOWN.
    number = message[1] if len(message) > 1 and message[0] == 0x08 else 0
    told = _STATUSES.get(number, str(number))
    return "" if told == _SERVING else f"service unhealthy (responded with {told!r})"
