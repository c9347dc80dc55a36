"""A server that answers as no server should: one behaviour for every connection."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Behaviour = Callable[[socket.socket], None]

LONGEST = 60.0
MOST_CHUNKS = 1024
ESCAPES = "\x1b[31mred\x07\u202e\u009b1m"
"""What must never reach a terminal: ESC, BEL, bidi override, C1."""


def answer(
    body: bytes, status: int = 200, kind: str = "application/json", length: int | None = None
) -> Behaviour:
    """A whole answer; `length` lies about the body's."""
    head = (
        f"HTTP/1.1 {status} Whatever\r\nContent-Type: {kind}\r\nConnection: close\r\n"
        f"Content-Length: {len(body) if length is None else length}\r\n\r\n"
    )
    return lambda connection: connection.sendall(head.encode() + body)


def never(connection: socket.socket) -> None:
    """Accept, and say nothing."""
    connection.settimeout(LONGEST)
    with contextlib.suppress(OSError):
        while connection.recv(4096):
            pass


def drip(connection: socket.socket) -> None:
    """A byte now and then, so that every single read is in time."""
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n"
    )
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        connection.sendall(b" ")
        time.sleep(0.05)


def endless(connection: socket.socket) -> None:
    """A body without an end: after 64 MiB it breaks off, for the sake of this machine."""
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    for _ in range(MOST_CHUNKS):
        connection.sendall(chunk)


def close_at_once(connection: socket.socket) -> None:
    """Hang up after the request."""
    del connection


BEHAVIOURS: dict[str, Behaviour] = {
    "a page in HTML": answer(b"<html><body>Welcome to the hotel</body></html>", kind="text/html"),
    "JSON that was cut": answer(b'{"status": "succ', length=5000),
    "half of a JSON document": answer(b'{"status": "success", "data": {"res'),
    "JSON of another shape": answer(b'{"status": "success", "data": {"result": [1, {"a": []}]}}'),
    "a list": answer(b"[1, 2]"),
    "null": answer(b"null"),
    "nothing": answer(b""),
    "no UTF-8": answer(b"\xff\xfe\x00{}"),
    "a deep nest": answer(b"[" * 200_000),
    "no HTTP": lambda connection: connection.sendall(b"\x00\xff SSH-2.0 hello\r\n\r\n"),
    "a hang-up": close_at_once,
    "silence": never,
    "one byte at a time": drip,
    "no end": endless,
}
"""By what arrives; every one of them must end in an error of ours, within the deadline."""


@contextmanager
def serving(behaviour: Behaviour, context: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve on an address of its own; yields host:port."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        thread = threading.Thread(
            target=accept, args=(listener, behaviour, context), daemon=True, name="hostile"
        )
        thread.start()
        host, port = listener.getsockname()
        yield f"{host}:{port}"
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


@contextmanager
def black_hole() -> Iterator[str]:
    """An address where even connecting has no end: its backlog is full and nobody accepts."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(8):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                waiting.connect(listener.getsockname())
        host, port = listener.getsockname()
        yield f"{host}:{port}"


def accept(listener: socket.socket, behaviour: Behaviour, context: ssl.SSLContext | None) -> None:
    """Serve every connection of a listener, in threads, until it is closed."""
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listener.accept()
            arguments = (connection, behaviour, context)
            threading.Thread(target=_serve, args=arguments, daemon=True).start()


def _serve(connection: socket.socket, behaviour: Behaviour, context: ssl.SSLContext | None) -> None:
    with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
        stack.enter_context(connection)
        if context:
            connection = stack.enter_context(context.wrap_socket(connection, server_side=True))
        if behaviour is not never:
            _read_request(connection)
        behaviour(connection)


def _read_request(connection: socket.socket) -> None:
    """Up to the end of the headers; a body that follows is left in the socket."""
    connection.settimeout(LONGEST)
    head = b""
    while b"\r\n\r\n" not in head and (more := connection.recv(65536)):
        head += more
