"""A node agent whose images are small programs of the tests, and the control plane it serves.

`python toy_agent.py STATE REGION` is the agent; `Toys` starts both as the supervisor does.
"""

import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from infctl.lab.agent.__main__ import run

SERVER = """
import http.server, os, signal, sys, threading
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        is_bad = os.path.exists(os.environ["HOME"] + self.path + ".bad")
        self.send_response(503 if is_bad else 200)
        self.end_headers()
    def log_message(self, *words):
        pass
server = http.server.ThreadingHTTPServer((os.environ["BIND"], 8080), Handler)
def end(*_):
    print("told to end", flush=True)
    threading.Thread(target=server.shutdown).start()
signal.signal(signal.SIGTERM, end)
print("hello from", os.environ["BIND"], flush=True)
print("a complaint", file=sys.stderr, flush=True)
server.serve_forever()
"""
"""Answers 200 on every path until a file PATH.bad lies in its home."""


@dataclass(frozen=True)
class ToyImage:
    reference: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path = Path("/")

    def missing(self) -> str:
        return ""


IMAGES = {
    image.reference: image
    for image in (
        ToyImage(
            "toys/server:1",
            (sys.executable, "-I", "-S", "-c", SERVER),
            {"BIND": "${POD_ADDRESS}", "WHERE": "${NODE_NAME}/${REGION}"},
        ),
        ToyImage("toys/shell:1", ("/bin/sh",)),
    )
}


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    run(Path(sys.argv[1]), sys.argv[2], lambda reference: IMAGES[reference])
