"""Servers that say what they were asked, and fail or wait as they are told."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PORT = 8080


class Echo(ThreadingHTTPServer):
    """A backend: counts what it is asked, by path; `failing` makes every answer a 503."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, name: str, address: str, port: int = PORT) -> None:
        super().__init__((address, port), _Handler)
        self.name = name
        self.address = address
        self.port = port
        self.asked: Counter[str] = Counter()
        self.failing = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that did not wait is no error of the test's."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Echo

    def _answer(self) -> None:
        split = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(split.query).items()}
        self.server.asked[split.path] += 1
        if "sleep" in query:
            time.sleep(float(query["sleep"]))
        status = 503 if self.server.failing else int(query.get("status", 200))
        length = int(self.headers.get("content-length") or 0)
        said: dict[str, Any] = {
            "backend": self.server.name,
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": self.rfile.read(length).decode(),
        }
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("x-backend", self.server.name)
        self.send_header("x-infctl-model-version", f"digits/{self.server.name}")
        if "region" in query:
            self.send_header("x-infctl-region", query["region"])
        self.send_header("x-removed", "by the gateway")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def serve(*servers: Echo) -> Iterator[dict[str, Echo]]:
    """Let them serve, each in a thread, until the end of the block."""
    for server in servers:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield {server.name: server for server in servers}
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
