"""The health of a real gRPC server as a probe asks for it, and of what is no gRPC server."""

import asyncio
import socket
import subprocess
from collections.abc import Iterator

import pytest

from infctl.lab.agent.grpc_health import Answer, check_health, make_request, read_answer
from infctl.lab.images import environments
from infctl.lab.images.table import read_entries, requirements_of

HOST = "127.0.0.1"
SERVER = """
import sys
from concurrent import futures
import grpc
STATUS = {b"": 1, b"\\n\\x02up": 1, b"\\n\\x04down": 2}
def check(request, context):
    if request not in STATUS:
        context.abort(grpc.StatusCode.NOT_FOUND, "unknown service")
    return b"\\x08" + bytes([STATUS[request]])
handler = grpc.unary_unary_rpc_method_handler(check)
server = grpc.server(futures.ThreadPoolExecutor(2))
server.add_generic_rpc_handlers(
    [grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": handler})]
)
print(server.add_insecure_port("127.0.0.1:0"), flush=True)
server.start()
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server of the library that model servers bring along."""
    known = [found for entry in read_entries() if (found := requirements_of(entry))]
    python = environments.python_of(known[0])
    process = subprocess.Popen(
        [python, "-I", "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    try:
        yield int(process.stdout.readline())
    finally:
        process.communicate(timeout=10)


def ask(port: int, service: str = "") -> str:
    return asyncio.run(asyncio.wait_for(check_health(HOST, port, service), 10))


@pytest.mark.parametrize(
    ("service", "said"),
    [
        ("", ""),
        ("up", ""),
        ("down", "service unhealthy (responded with 'NOT_SERVING')"),
        ("none", "gRPC status 5: unknown service"),
    ],
)
def test_a_server_tells_the_health_of_a_service(port: int, service: str, said: str) -> None:
    assert ask(port, service) == said


@pytest.mark.parametrize("words", [b"", b"HTTP/1.1 200 OK\r\n\r\n", b"\0" * 64, b"\xff" * 64])
def test_what_speaks_no_grpc_is_no_healthy_server(words: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(24)
        writer.write(words)
        writer.close()

    async def ask_stranger() -> str:
        async with await asyncio.start_server(serve, HOST, 0) as server:
            port = server.sockets[0].getsockname()[1]
            try:
                return await asyncio.wait_for(check_health(HOST, port, ""), 10)
            except OSError as error:
                return str(error)

    assert asyncio.run(ask_stranger())


def test_nobody_there_is_an_error_as_of_other_probes() -> None:
    with socket.socket() as free:
        free.bind((HOST, 0))
        with pytest.raises(OSError, match="Connect call failed"):
            ask(free.getsockname()[1])


def test_a_long_name_is_told_with_its_length() -> None:
    assert make_request("") == b"\0\0\0\0\0"
    assert make_request("a" * 300)[5:9] == b"\x0a\xac\x02a"


@pytest.mark.parametrize(
    ("body", "said"), [(b"", "UNKNOWN"), (b"\0\0\0\0\x02\x08\x03", "SERVICE_UNKNOWN")]
)
def test_anything_but_serving_is_unhealthy(body: bytes, said: str) -> None:
    answer = Answer(headers={"grpc-status": "0"}, body=body)
    assert read_answer(answer) == f"service unhealthy (responded with '{said}')"
