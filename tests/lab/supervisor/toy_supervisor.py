"""A supervisor of toy parts: `toy_supervisor.py STATE`, parts described in STATE/toys.json.

A toy whose mode is `edge` is its region's real edge proxy.
"""

import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from infctl.lab import edge
from infctl.lab.part import Part
from infctl.lab.processes import Process, find
from infctl.lab.readiness import tcp_open
from infctl.lab.spec import Lab
from infctl.lab.supervisor import watches
from infctl.lab.supervisor.service import Assembly, run

# Toys watch no files; real labs beside the tests may hold all that the kernel gives.
watches.PER_REGION = 0
SERVER = """
import socket, sys, time, os, subprocess
state, name, address, mode = sys.argv[1:5]
print("hello from", name, flush=True)
open(f"{state}/started", "a").write(name + "\\n")
if mode == "pods":
    sleeper = [sys.executable, "-c", "import time; time.sleep(600)"]
    pod = subprocess.Popen(sleeper, start_new_session=True)
    open(f"{state}/pods", "w").write(str(pod.pid))
if mode == "dies":
    sys.exit("cannot go on")
if mode in ("never", "late"):
    time.sleep(600 if mode == "never" else 1.5)
host, port = address.split(":")
server = socket.create_server((host, int(port)))
while True:
    connection, _ = server.accept()
    connection.close()
"""


def hook_for(state: Path, name: str) -> Callable[[], Awaitable[None]]:
    async def hook() -> None:
        with (state / "started").open("a") as file:
            file.write(f"hook of {name}\n")

    return hook


def make_part(lab: Lab, toy: dict[str, str]) -> Part:
    host, _, port = toy["address"].partition(":")
    mode = toy.get("mode", "serve")
    return Part(
        name=toy["name"],
        argv=(sys.executable, "-c", SERVER, str(lab.state), toy["name"], toy["address"], mode),
        ready=tcp_open(host, int(port)),
        region=toy.get("region"),
        after=tuple(toy.get("after", "").split()),
        deadline=float(toy.get("deadline", 5)),
        grace=0.3,
        on_ready=hook_for(lab.state, toy["name"]),
        addresses=(toy["address"],),
    )


def describe(lab: Lab) -> list[dict[str, str]]:
    """From the file named by the environment or in the state folder, else one toy per region."""
    path = Path(os.environ.get("TOYS", lab.state / "toys.json"))
    if path.exists():
        found: list[dict[str, str]] = json.loads(path.read_text())
        return found
    places = [(region.name, f"{lab.edge(region, 'api')}:6443") for region in lab.regions]
    return [{"name": f"api-{n}", "region": n, "address": address} for n, address in places]


def assemble(lab: Lab) -> Assembly:
    toys = describe(lab)

    def residents(region: str) -> list[Process]:
        path = lab.state / "pods"
        found = find(int(path.read_text())) if path.exists() else None
        return [found] if found and region == lab.regions[0].name else []

    edges = [lab.region(toy["region"]) for toy in toys if toy.get("mode") == "edge"]
    for region in edges:
        edge.prepare(lab, region)
    parts = [make_part(lab, toy) for toy in toys if toy.get("mode") != "edge"]
    return Assembly([*parts, *(p for r in edges for p in edge.parts(lab, r))], residents)


if __name__ == "__main__":
    run(Path(sys.argv[1]), assemble)
