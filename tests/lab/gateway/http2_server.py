"""A second Envoy that speaks HTTP/2 without TLS and nothing else: a backend for `h2c`."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from infctl.lab.following import Object
from infctl.lab.gateway.parts import find_envoy

ADMIN = 9902


@contextmanager
def serve_http2(folder: Path, address: str, port: int) -> Iterator[None]:
    """Answer everything with `h2c`, until the end of the block."""
    file = folder / "http2.json"
    file.write_text(json.dumps(_configuration(address, port)))
    words = [
        find_envoy(),
        "--config-path",
        str(file),
        "--concurrency",
        "1",
        "--disable-hot-restart",
    ]
    log = folder / "http2.log"
    with log.open("wb") as output, subprocess.Popen(words, stdout=output, stderr=output) as process:
        try:
            _wait(f"http://{address}:{ADMIN}/ready")
            yield
        finally:
            process.kill()


def _wait(url: str) -> None:
    end = time.monotonic() + 20
    while True:
        try:
            with urlopen(url, timeout=1) as answer:
                answer.read()
                return
        except OSError:
            assert time.monotonic() < end, "the second Envoy starts"
            time.sleep(0.02)


def _configuration(address: str, port: int) -> Object:
    network = "type.googleapis.com/envoy.extensions.filters.network"
    manager = {
        "@type": f"{network}.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "h2c",
        "codec_type": "HTTP2",
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "all",
                    "domains": ["*"],
                    "routes": [
                        {
                            "match": {"prefix": "/"},
                            "direct_response": {"status": 200, "body": {"inline_string": "h2c"}},
                        }
                    ],
                }
            ]
        },
        "http_filters": [
            {
                "name": "router",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
                },
            }
        ],
    }

    def place(port: int) -> Object:
        return {"socket_address": {"address": address, "port_value": port}}

    chain = {"filters": [{"name": "manager", "typed_config": manager}]}
    listener = {"name": "h2c", "address": place(port), "filter_chains": [chain]}
    return {
        "admin": {"address": place(ADMIN)},
        "static_resources": {"listeners": [listener]},
    }
