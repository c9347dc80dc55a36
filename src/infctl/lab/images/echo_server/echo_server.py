"""A small server to try pods with: a line in the log, and an answer to every GET.

Runs as `python -m echo_server`; standard library only.
"""

import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Echo(BaseHTTPRequestHandler):
    """Answers who it is and what was asked for."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Any path is there."""
        body = json.dumps({"name": os.environ.get("ECHO_NAME", ""), "path": self.path}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Probes ask every second; their lines would bury the others."""


def main() -> int:
    """Serve until SIGTERM."""
    host, port = os.environ.get("ECHO_HOST", "127.0.0.1"), int(os.environ.get("ECHO_PORT", "8080"))
    server = ThreadingHTTPServer((host, port), Echo)
    for number in (signal.SIGTERM, signal.SIGINT):
        # shutdown() waits for the loop that this handler interrupts, so it needs another thread.
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"echo: {os.environ.get('ECHO_NAME', '')} listens on {host}:{port}", flush=True)
    server.serve_forever()
    server.server_close()
    print("echo: ended", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
