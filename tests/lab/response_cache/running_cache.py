"""A real nginx with the lab's configuration, and a model behind it that counts its answers."""

import asyncio
import http.client
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from infctl.lab import addresses, locate
from infctl.lab.gateway.bootstrap import place
from infctl.lab.response_cache import configuration, parts, prepare
from infctl.lab.response_cache.links import write_links
from infctl.lab.response_cache.parts import folder_of
from infctl.lab.response_cache.versions import Version
from infctl.lab.spec import Lab, Region

PATH = "/v2/models/digits/infer"
V1, V2 = Version("digits", "v1", "1" * 64), Version("digits", "v2", "2" * 64)


@dataclass
class Model:
    """What the gateway behind the cache answers with."""

    version: str = "digits/v1"
    status: int = 200
    pause: float = 0.0
    answers: int = 0
    seen: list[Mapping[str, str]] = field(default_factory=list)


@dataclass
class Running:
    """nginx and the model; `ask` says how the cache was met, and the answer."""

    lab: Lab
    model: Model
    folder: Path

    def ask(self, body: str, path: str = PATH, **headers: str) -> tuple[str, str]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        host = self.lab.inner(self.lab.regions[0], "cache")
        connection = http.client.HTTPConnection(host, addresses.CACHE_PORT, timeout=10)
        connection.request("POST", path, body, {"Content-Type": "application/json", **named})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.headers.get("x-infctl-cache", ""), text

    def serve(self, version: Version | None) -> None:
        """Let the region's Deployments serve this version."""
        write_links(self.folder, {version.model: version} if version else {})


def _handler(model: Model) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            time.sleep(model.pause)
            model.answers += 1
            model.seen.append(dict(self.headers.items()))
            body = str(model.answers).encode()
            self.send_response(model.status)
            self.send_header("x-infctl-model-version", model.version)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    return Handler


@contextmanager
def run_cache(state: Path, kept: str = "60s") -> Iterator[Running]:
    """`kept` is how long answers are kept; nothing runs after the block."""
    number, claim = locate.claim_number()
    with claim:
        lab = Lab("cache", number, state, (Region("eu-west-1", 1),))
        region = lab.regions[0]
        prepare(lab, region)
        file = folder_of(lab, region) / configuration.FILE
        file.write_text(file.read_text().replace("valid 200 60s", f"valid 200 {kept}"))
        (part,) = parts(lab, region)
        model = Model()
        gateway = (place(lab, region).bound, addresses.ORIGIN_PORT)
        with (
            ThreadingHTTPServer(gateway, _handler(model)) as server,
            subprocess.Popen(part.argv, env=dict(part.environment)) as process,
        ):
            threading.Thread(target=server.serve_forever, daemon=True).start()
            try:
                _wait(part.ready)
                yield Running(lab, model, folder_of(lab, region))
            finally:
                process.kill()
                server.shutdown()


def _wait(ready: Any) -> None:
    async def ask() -> str:
        return str(await ready())

    end = time.monotonic() + 10
    while reason := asyncio.run(ask()):
        assert time.monotonic() < end, reason
        time.sleep(0.02)
