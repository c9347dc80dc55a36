"""Measures what the edge costs a request: Envoy is asked at its own address and through the edge.

Run it as `.venv/bin/python scripts/measure_edge.py [SECONDS]`; both ways take turns, so that other
work on the machine strikes both. Envoy answers by itself: what is behind it only hides the cost.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from infctl.lab import addresses, edge, locate
from infctl.lab.fetch import toxiproxy
from infctl.lab.gateway.parts import find_envoy
from infctl.lab.spec import Lab, Region

ROUNDS = 5
TICKS = os.sysconf("SC_CLK_TCK")
BODY = b"x" * 1000
# Envoy that answers by itself does not wait for a body.
REQUEST = b"GET / HTTP/1.1\r\nhost: edge\r\nx-body: " + BODY + b"\r\n\r\n"
_EXTENSIONS = "type.googleapis.com/envoy.extensions.filters"


def bootstrap(host: str) -> dict[str, Any]:
    """An Envoy that answers 1,000 bytes to everything."""
    answer = {"status": 200, "body": {"inline_string": BODY.decode()}}
    manager = {
        "@type": f"{_EXTENSIONS}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "edge",
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{_EXTENSIONS}.http.router.v3.Router"},
            }
        ],
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "all",
                    "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "direct_response": answer}],
                }
            ]
        },
    }
    name = "envoy.filters.network.http_connection_manager"
    listener = {
        "name": "all",
        "address": {"socket_address": {"address": host, "port_value": addresses.GATEWAY_PORT}},
        "filter_chains": [{"filters": [{"name": name, "typed_config": manager}]}],
    }
    return {"static_resources": {"listeners": [listener]}}


async def ask(host: str, until: float, took: list[float]) -> None:
    """One connection: request after request, and one at least."""
    reader, writer = await asyncio.open_connection(host, addresses.GATEWAY_PORT)
    now = time.perf_counter()
    while now < until or not took:
        writer.write(REQUEST)
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(len(BODY))
        began, now = now, time.perf_counter()
        took.append(now - began)
    writer.close()


async def load(host: str, connections: int, seconds: float) -> list[float]:
    """How long each request took, in seconds."""
    took: list[float] = []
    until = time.perf_counter() + seconds
    await asyncio.gather(*(ask(host, until, took) for _ in range(connections)))
    return took


def cpu_of(process: "subprocess.Popen[bytes]") -> float:
    """User and system seconds that a process has spent."""
    stat = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(stat[11]) + int(stat[12])) / TICKS


def compare(hosts: dict[str, str], proxy: "subprocess.Popen[bytes]", seconds: float) -> None:
    """Print a row for each way and number of connections."""
    for connections in (1, 16):
        took: dict[str, list[list[float]]] = {way: [] for way in hosts}
        spent = 0.0
        for _ in range(ROUNDS):
            for way, host in hosts.items():
                before = cpu_of(proxy)
                took[way].append(asyncio.run(load(host, connections, seconds)))
                spent += cpu_of(proxy) - before
        for way, rounds in took.items():
            rate = statistics.median(len(found) / seconds for found in rounds)
            every = sorted(one * 1000 for found in rounds for one in found)
            p50, p99 = every[len(every) // 2], every[len(every) * 99 // 100]
            print(f"{connections:2} connections, {way:8} {rate:7.0f}/s", end="")
            print(f"   p50 {p50:6.2f} ms   p99 {p99:6.2f} ms")
        through = sum(len(found) for found in took["edge"])
        print(f"   the proxy's CPU for a request: {spent / through * 1e6:.0f} us")


def main() -> None:
    """Start both, measure, stop both."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    toxiproxy.ensure(print)
    number, claim = locate.claim_number()
    with claim, tempfile.TemporaryDirectory() as folder:
        region = Region("edge", 1)
        lab = Lab("edge", number, Path(folder), (region,))
        hosts = {"directly": lab.inner(region, "gateway"), "edge": lab.edge(region, "gateway")}
        configuration = Path(folder) / "envoy.json"
        configuration.write_text(json.dumps(bootstrap(hosts["directly"])))
        edge.prepare(lab, region)
        (part,) = edge.parts(lab, region)
        options = ["--concurrency", "1", "--disable-hot-restart", "--log-level", "error"]
        envoy = subprocess.Popen([find_envoy(), "--config-path", str(configuration), *options])
        proxy = subprocess.Popen(part.argv, env=dict(part.environment))
        try:
            wait(hosts["edge"])
            compare(hosts, proxy, seconds)
        finally:
            for process in (proxy, envoy):
                process.kill()
                process.wait()


def wait(host: str) -> None:
    """Until a request is answered."""
    end = time.monotonic() + 30
    while True:
        try:
            asyncio.run(load(host, 1, 0.01))
        except (OSError, EOFError):
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return


if __name__ == "__main__":
    main()
